import type { CancelRequest } from "../cancellation/model/cancel-request.js";
import type { CancelOutcome, Confirmation, ConfirmedItem, Failure } from "../cancellation/model/outcome.js";
import { evidenceOf, isSameOrder, readExchange, type ReadExchange, resultCodeOf } from "./answer.js";
import { type Exchange, SEND_WINDOW_CLOSED } from "./exchange.js";
import { asArray, asDecimal, asInt32, asObject, asText, type JsonObject } from "./json.js";
import { decide, type OutcomeRow } from "./outcome-table.js";
import { createRedactor, type Redactor } from "./redactor.js";

/** More details than this help nobody. */
const MAX_DETAILS = 50;

/** What one exchange proved about its cancel. Every text but the raw answer is storable, bounded and free of the refund account. */
export function readOutcome(exchange: Exchange, request: CancelRequest): CancelOutcome {
  const read = readExchange(exchange);
  const row = decide({
    left: exchange.sentAt !== null,
    tooLate: exchange.errorCode === SEND_WINDOW_CLOSED,
    end: exchange.end,
    httpStatus: exchange.httpStatus,
    endMarked: isEndMarked(exchange),
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

/** EBP's message where it gave a reason, but not its "SUCCESS" in an answer that proves none. */
function failureOf({ exchange, envelope }: ReadExchange, row: OutcomeRow, redactor: Redactor): Failure {
  const { errorCode } = exchange;
  const ownMessage = errorCode === null ? row.reason : `${row.reason} (${errorCode})`;
  const ebpMessage = envelope?.resultCode === "0" ? null : envelope?.message;
  return {
    resultCode: resultCodeOf(envelope, redactor),
    message: ebpMessage ? redactor.message(ebpMessage) : ownMessage,
    details: (envelope?.details ?? []).slice(0, MAX_DETAILS).map(({ field, message }) => ({
      field: redactor.identifier(field),
      message: redactor.message(message),
    })),
  };
}

/** Twice the lines that a request may have. Further items stay in the raw answer. */
const MAX_CONFIRMED_ITEMS = 1_000;

/** What an accepting answer says was cancelled. Fields that are missing or cannot be read are null. */
function readConfirmation(data: JsonObject | null, redactor: Redactor): Confirmation {
  const items = asArray(data?.["items"]).slice(0, MAX_CONFIRMED_ITEMS);
  return {
    returnRequestId: redactor.identifier(asText(data?.["returnRequestId"])),
    processedCount: asInt32(data?.["processedCount"]),
    totalProductAmount: asDecimal(data?.["totalProductAmount"]),
    totalProductTaxAmount: asDecimal(data?.["totalProductTaxAmount"]),
    totalDeliveryAmount: asDecimal(data?.["totalDeliveryAmount"]),
    totalDeliveryTaxAmount: asDecimal(data?.["totalDeliveryTaxAmount"]),
    items: items.flatMap((item) => readItem(asObject(item), redactor) ?? []),
  };
}

/** Null without a readable `seq`: such an item cannot be matched with the request. */
function readItem(item: JsonObject | null, redactor: Redactor): ConfirmedItem | null {
  const seq = asInt32(item?.["seq"]);
  if (item === null || seq === null) return null;
  return {
    seq,
    itemType: redactor.identifier(asText(item["itemType"])),
    itemId: redactor.identifier(asText(item["itemId"])),
    quantity: asInt32(item["quantity"]),
    amount: asDecimal(item["amount"]),
    taxAmount: asDecimal(item["taxAmount"]),
  };
}
