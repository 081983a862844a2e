import type { RefundAccount } from "../cancellation/model/cancel-request.js";

export const REDACTED = "[redacted]";

/** A shorter number or Latin name stays in identifiers: taking two letters out of every tracking id would destroy them. */
const MIN_LENGTH_IN_IDENTIFIERS = 6;
/** The mask shows the first letter of a name anyway. */
const MIN_NAME_LENGTH = 2;

/** Makes what EBP wrote fit to be shown: without the refund account, storable, and of bounded length. */
export interface Redactor {
  /** A message for people. */
  message(text: string): string;
  /** A result code, a tracking id and the like. */
  identifier(text: string): string;
  identifier(text: string | null): string | null;
}

/**
 * Takes the account's number and its holder's name out of texts, as they were sent to EBP and as they stand in a JSON body. They are
 * looked for as plain texts: no pattern is made of them, so the work grows with the text alone. Other spellings are not looked for.
 */
export function createRedactor(account: RefundAccount | null): Redactor {
  const everywhere = account === null ? [] : secretsOf(account);
  const inIdentifiers = everywhere.filter(
    (secret) => secret.length >= MIN_LENGTH_IN_IDENTIFIERS || /[^\x20-\x7e]/u.test(secret),
  );

  function identifier(text: string): string;
  function identifier(text: string | null): string | null;
  function identifier(text: string | null): string | null {
    return text === null ? null : storableText(takeOut(text, inIdentifiers), MAX_CODE_LENGTH);
  }

  return {
    identifier,
    message: (text) => storableText(takeOut(text, everywhere), MAX_MESSAGE_LENGTH),
  };
}

function secretsOf({ accountNumber, accountHolderName }: RefundAccount): string[] {
  const name = accountHolderName?.trim() ?? "";
  const names = name.length < MIN_NAME_LENGTH ? [] : [name, JSON.stringify(name).slice(1, -1)];
  // The longest first: a shorter one may stand in it, and would leave the rest.
  return [...new Set([accountNumber, ...names])].sort((a, b) => b.length - a.length);
}

function takeOut(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

/** Long enough for any sentence an API writes. */
export const MAX_MESSAGE_LENGTH = 1_000;
/** Result codes, tracking ids, item ids and the like; EBP's have under 30 characters. */
export const MAX_CODE_LENGTH = 200;

/** NUL and lone surrogates: PostgreSQL refuses them in text and in jsonb. */
const NOT_STORABLE = /\0|\p{Surrogate}/gu;

/** Text that PostgreSQL can keep, of at most `maxLength` UTF-16 units; what it cannot keep becomes U+FFFD. */
export function storableText(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  return bounded.replace(NOT_STORABLE, "\uFFFD");
}
