import { MIN_ACCOUNT_NUMBER_LENGTH } from "../cancellation/model/limits.js";
import { PUBLISHED_CODE } from "./evidence.js";
import type { PaymentStatuses } from "./payment-state-table.js";
import type { ReadExchange } from "./read-exchange.js";

/** As EBP's words for states are. No digits: an account number would pass for a word. */
const STATUS_WORD = /^[A-Z][A-Z_]{0,39}$/u;
/** As EBP's tracking ids are published, or with a short prefix. */
const NUMBER_ID = /^(?:[A-Z]{1,6}[-_]?)?\d{1,40}$/u;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu;

/**
 * What may be shown of an answer about a payment. It can hold personal data, and in fields that nobody has published: so a text is shown
 * for its form, and none for not being known to be a secret.
 */
export function shownStatus(
  status: string | null,
  { uncancelled, whollyCancelled }: PaymentStatuses,
): string | null {
  if (status === null) return null;
  const isKnown = uncancelled.includes(status) || whollyCancelled.includes(status);
  return isKnown || STATUS_WORD.test(status) ? status : null;
}

export function shownResultCode({ envelope }: ReadExchange): string | null {
  const code = envelope?.resultCode ?? null;
  return code !== null && PUBLISHED_CODE.test(code) ? code : null;
}

/** A number that stands in the answer a second time may be somebody's account. */
export function shownRequestId({ envelope, rawText }: ReadExchange): string | null {
  const id = envelope?.requestId ?? null;
  if (id === null || UUID.test(id)) return id;
  return NUMBER_ID.test(id) && !isRepeated(id, rawText) ? id : null;
}

function isRepeated(id: string, rawText: string): boolean {
  const digits = id.replace(/\D/gu, "").replace(/^0+/u, "");
  const others = rawText.replace(id, "").replace(/[\s-]/gu, "");
  return digits.length >= MIN_ACCOUNT_NUMBER_LENGTH && others.includes(digits);
}
