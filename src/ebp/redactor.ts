import type { RefundAccount } from "../cancellation/model/cancel-request.js";

export const REDACTED = "[redacted]";

/** Identifiers keep shorter numbers and Latin names: removing two letters from every tracking id would destroy them. */
const MIN_LENGTH_IN_IDENTIFIERS = 6;
/** The mask shows the first letter of a name. */
const MIN_NAME_LENGTH = 2;

/** Makes EBP's texts fit to be shown: storable, bounded and without the refund account. */
export interface Redactor {
  /** A message for people. */
  message(text: string): string;
  /** A result code, a tracking id and the like. */
  identifier(text: string): string;
  identifier(text: string | null): string | null;
}

/**
 * Removes the account's number and its holder's name, as sent and as escaped in JSON. Other spellings are not looked for. It searches
 * for plain texts, not patterns, so the work grows with the text alone.
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
  // The longest first: a shorter one may be part of it and would leave the rest.
  return [...new Set([accountNumber, ...names])].sort((a, b) => b.length - a.length);
}

function takeOut(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

/** Longer than any message of EBP. */
export const MAX_MESSAGE_LENGTH = 1_000;
/** For result codes, tracking ids and item ids. EBP's have fewer than 30 characters. */
export const MAX_CODE_LENGTH = 200;

/** PostgreSQL refuses NUL and lone surrogates in text and in jsonb. */
const NOT_STORABLE = /\0|\p{Surrogate}/gu;

/** Text that PostgreSQL can store, of at most `maxLength` UTF-16 units; other characters become U+FFFD. */
export function storableText(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  return bounded.replace(NOT_STORABLE, "\uFFFD");
}
