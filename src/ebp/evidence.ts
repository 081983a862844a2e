import { createHash } from "node:crypto";
import type { Evidence } from "../cancellation/outcome.js";
import type { Envelope } from "./envelope.js";
import type { ReadExchange } from "./read-exchange.js";
import type { Redactor } from "./redactor.js";

/** EBP's result codes. */
export const PUBLISHED_CODE = /^(?:0|EBP-[A-Z]-\d{4})$/u;

/**
 * What is kept of an exchange, so that anyone can check what was concluded from it. Every text in it is storable,
 * bounded (except the raw answer, which the read limit bounds) and free of what the redactor takes out.
 */
export function evidenceOf(
  { happened: { httpStatus, body, end }, rawText, envelope }: ReadExchange,
  basis: string,
  redactor: Redactor,
): Evidence {
  const rawAnswer = httpStatus === null ? null : redactor.answer(rawText, end === "complete");
  // A digest beside a redacted text would give back what was taken out: there are few enough account numbers to try them all.
  const digested = rawAnswer === rawText ? body : rawAnswer;
  return {
    basis,
    httpStatus,
    resultCode: resultCodeOf(envelope, redactor),
    requestId: redactor.identifier(envelope?.requestId ?? null),
    timestamp: redactor.identifier(envelope?.timestamp ?? null),
    digest: digested === null ? null : createHash("sha256").update(digested).digest("hex"),
    rawAnswer,
  };
}

/** A code of the published form is nobody's account number, even when its digits are. */
export function resultCodeOf(envelope: Envelope | null, redactor: Redactor): string | null {
  const code = envelope?.resultCode ?? null;
  return code !== null && PUBLISHED_CODE.test(code) ? code : redactor.identifier(code);
}
