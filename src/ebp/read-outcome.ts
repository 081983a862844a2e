import type { CancelRequest } from "../cancellation/model/cancel-request.js";
import type { CancelOutcome, Failure } from "../cancellation/model/outcome.js";
import { readConfirmation } from "./confirmation.js";
import { evidenceOf, resultCodeOf } from "./evidence.js";
import { SEND_WINDOW_CLOSED, type Exchange } from "./exchange.js";
import { decide, type OutcomeRow } from "./outcome-table.js";
import { isSameOrder, readExchange, type ReadExchange } from "./read-exchange.js";
import { createRedactor, type Redactor } from "./redactor.js";

/** A request has at most 500 lines; more details than this help nobody. */
const MAX_DETAILS = 50;

/**
 * What one exchange proved about the cancel it carried. Every text in the outcome but the raw answer is storable, bounded and free of
 * the refund account.
 */
export function readOutcome(happened: Exchange, request: CancelRequest): CancelOutcome {
  const read = readExchange(happened);
  const row = decide({
    left: happened.sentAt !== null,
    tooLate: happened.errorCode === SEND_WINDOW_CLOSED,
    end: happened.end,
    httpStatus: happened.httpStatus,
    endMarked: isEndMarked(happened),
    text: read.text,
    isSameOrder: isSameOrder(read.envelope, request.orderNo),
  });
  const redactor = createRedactor(request.refundAccount);
  const evidence = evidenceOf(read, row.reason, redactor, request.refundAccount === null);
  if (row.proves === "accepted") {
    return {
      kind: "accepted",
      confirmation: readConfirmation(read.envelope?.data ?? null, redactor),
      evidence,
    };
  }
  return { kind: row.proves, failure: failureOf(read, row, redactor), evidence };
}

function isEndMarked({ headers }: Exchange): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/** EBP's own words when it gave a reason. Its "SUCCESS" under an answer that proves none would mislead. */
function failureOf({ happened, envelope }: ReadExchange, row: OutcomeRow, redactor: Redactor): Failure {
  const { errorCode } = happened;
  const ownWords = errorCode === null ? row.reason : `${row.reason} (${errorCode})`;
  const ebpWords = envelope?.resultCode === "0" ? null : envelope?.message;
  return {
    resultCode: resultCodeOf(envelope, redactor),
    message: ebpWords ? redactor.message(ebpWords) : ownWords,
    details: (envelope?.details ?? []).slice(0, MAX_DETAILS).map(({ field, message }) => ({
      field: redactor.identifier(field),
      message: redactor.message(message),
    })),
  };
}
