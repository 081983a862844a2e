import { createHash } from "node:crypto";
import type { Evidence } from "../cancellation/model/outcome.js";
import type { Envelope, ReadExchange } from "./answer.js";
import type { Redactor } from "./redactor.js";

/** EBP's result codes. */
export const PUBLISHED_CODE = /^(?:0|EBP-[A-Z]-\d{4})$/u;

/**
 * What is kept of an exchange, so that anyone can check the conclusion. Every field but `rawAnswer` is storable, bounded and free of
 * the refund account; the raw answer is stored encrypted and never shown.
 * @param namesNobody the answer can hold neither account nor name. Otherwise no digest is kept: an account could be found from it
 * by trying them all.
 */
export function evidenceOf(
  { exchange: { httpStatus, body }, rawText, envelope }: ReadExchange,
  basis: string,
  redactor: Redactor,
  namesNobody: boolean,
): Evidence {
  const isAnswered = httpStatus !== null;
  return {
    basis,
    httpStatus,
    resultCode: resultCodeOf(envelope, redactor),
    requestId: redactor.identifier(envelope?.requestId ?? null),
    timestamp: redactor.identifier(envelope?.timestamp ?? null),
    digest: isAnswered && namesNobody ? createHash("sha256").update(body).digest("hex") : null,
    rawAnswer: isAnswered ? rawText : null,
  };
}

/** A code of the published form is shown as it is, even if its digits appear in the account. */
export function resultCodeOf(envelope: Envelope | null, redactor: Redactor): string | null {
  const code = envelope?.resultCode ?? null;
  return code !== null && PUBLISHED_CODE.test(code) ? code : redactor.identifier(code);
}
