import { createHash } from "node:crypto";
import type { CancelRequest } from "../cancellation/cancel-request.js";
import type { CancelOutcome, Evidence, Failure } from "../cancellation/outcome.js";
import { readConfirmation } from "./confirmation.js";
import { readAnswer, type AnswerText, type Envelope } from "./envelope.js";
import type { Exchange } from "./exchange.js";
import { asText } from "./json-values.js";
import { decide, type OutcomeRow } from "./outcome-table.js";
import { createRedactor, type Redactor } from "./redactor.js";

/** A request has at most 500 lines; more details than this help nobody. */
const MAX_DETAILS = 50;
const PUBLISHED_CODE = /^(?:0|EBP-[A-Z]-\d{4})$/u;

/**
 * What one exchange proved about the cancel it carried. Every text in the outcome is storable, bounded (except the raw
 * answer, which the read limit bounds) and free of the refund account.
 */
export function readOutcome(happened: Exchange, request: CancelRequest): CancelOutcome {
  const rawText = new TextDecoder().decode(happened.body);
  const text = answerText(happened, rawText);
  const envelope = text.kind === "envelope" ? text.envelope : null;
  const row = decide({
    left: happened.sentAt !== null,
    end: happened.end,
    httpStatus: happened.httpStatus,
    endMarked: isEndMarked(happened),
    text,
    isSameOrder: isSameOrder(envelope, request.orderNo),
  });
  const redactor = createRedactor(request.refundAccount);
  const evidence = evidenceOf(happened, rawText, envelope, row, redactor);
  if (row.proves === "accepted") {
    return { kind: "accepted", confirmation: readConfirmation(envelope?.data ?? null, redactor), evidence };
  }
  return { kind: row.proves, failure: failureOf(happened, envelope, row, redactor), evidence };
}

function answerText({ end, headers, body }: Exchange, rawText: string): AnswerText {
  if (end !== "complete") return { kind: "illegible" };
  // Compressed although nobody asked for it: it may hold anything.
  const encoding = headers["content-encoding"] ?? "identity";
  if (body.byteLength > 0 && encoding !== "identity") return { kind: "illegible" };
  return readAnswer(rawText);
}

function isEndMarked({ headers }: Exchange): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

function isSameOrder(envelope: Envelope | null, orderNo: string): boolean | null {
  const stated = envelope?.data?.["orderNo"] ?? null;
  return stated === null ? null : asText(stated) === orderNo;
}

function evidenceOf(
  { httpStatus, body, end }: Exchange,
  rawText: string,
  envelope: Envelope | null,
  row: OutcomeRow,
  redactor: Redactor,
): Evidence {
  const rawAnswer = httpStatus === null ? null : redactor.answer(rawText, end === "complete");
  // A digest beside a redacted text would give back what was taken out: there are few enough account numbers to try them all.
  const digested = rawAnswer === rawText ? body : rawAnswer;
  return {
    basis: row.reason,
    httpStatus,
    resultCode: resultCodeOf(envelope, redactor),
    requestId: redactor.identifier(envelope?.requestId ?? null),
    timestamp: redactor.identifier(envelope?.timestamp ?? null),
    digest: digested === null ? null : createHash("sha256").update(digested).digest("hex"),
    rawAnswer,
  };
}

/** A code of the published form is nobody's account number, even when its digits are. */
function resultCodeOf(envelope: Envelope | null, redactor: Redactor): string | null {
  const code = envelope?.resultCode ?? null;
  return code !== null && PUBLISHED_CODE.test(code) ? code : redactor.identifier(code);
}

/** EBP's own words when it gave a reason. Its "SUCCESS" under an answer that proves none would mislead. */
function failureOf(
  { errorCode }: Exchange,
  envelope: Envelope | null,
  row: OutcomeRow,
  redactor: Redactor,
): Failure {
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
