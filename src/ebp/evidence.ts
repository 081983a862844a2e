import { createHash } from "node:crypto";
import type { Evidence } from "../cancellation/model/outcome.js";
import type { Envelope, ReadExchange } from "./answer.js";
import type { Redactor } from "./redactor.js";

/** EBP's result codes. */
export const PUBLISHED_CODE = /^(?:0|EBP-[A-Z]-\d{4})$/u;

/**
 * What is kept of an exchange, so that anyone can check what was concluded from it. What is shown of it is storable, bounded and free
 * of the refund account. The raw answer is as it came: it is encrypted, and never shown.
 * @param namesNobody the answer can hold no account and no name. Of others no digest is kept: it would give them back to whoever tries
 * them all.
 */
export function evidenceOf(
  { happened: { httpStatus, body }, rawText, envelope }: ReadExchange,
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

/** A code of the published form is nobody's account number, even when its digits are. */
export function resultCodeOf(envelope: Envelope | null, redactor: Redactor): string | null {
  const code = envelope?.resultCode ?? null;
  return code !== null && PUBLISHED_CODE.test(code) ? code : redactor.identifier(code);
}
