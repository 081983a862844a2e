import { Decimal } from "../cancellation/decimal.js";
import { normaliseAccountNumber } from "../cancellation/request/refund-account.js";
import type { RefundAccount } from "../cancellation/request/cancel-request.js";
import { hintOf, type SecretHint } from "./secret-hint.js";
import { accountNumberPattern, namePattern, type SecretPattern } from "./secret-pattern.js";
import { MAX_CODE_LENGTH, MAX_MESSAGE_LENGTH, storableText } from "./storable-text.js";

export const REDACTED = "[redacted]";

/**
 * A secret shorter than this stays in identifiers when its letters are those of identifiers: taking a one-letter name
 * out of every tracking id would destroy them. Account numbers are never shorter.
 */
const MIN_LENGTH_IN_IDENTIFIERS = 4;
/** Written out in escapes, the longest account number or name is shorter than this. */
const TAIL_LENGTH = 4_000;
/** A number of up to 60 digits, with or without fraction and exponent: 1.23456789E9 is an account number too. */
const NUMBER = /\d{1,60}(?:\.\d{1,60})?(?:[eE][+-]?\d{1,3})?/gu;
/** A 64-bit float keeps 15 digits for certain, so an echo through one is off by at most this part of the number. */
const FLOAT_ERROR = new Decimal("1e-15");

/** Makes what EBP wrote fit to be kept: without the refund account and the names of people, storable, and of bounded length. */
export interface Redactor {
  /** A message for people. */
  message(text: string): string;
  /** A result code, a tracking id and the like. */
  identifier(text: string): string;
  identifier(text: string | null): string | null;
  /** A whole answer, not shortened. `isComplete` false: it may end in the middle of an echo. */
  answer(text: string, isComplete: boolean): string;
}

/**
 * Takes a refund account, and names of other people, out of texts, in every form they may be echoed in (see
 * `secret-pattern.ts`). Where there is something to take out, each name costs milliseconds to prepare for: bound how many there
 * are and how long.
 */
export function createRedactor(account: RefundAccount | null, otherNames: readonly string[] = []): Redactor {
  const number = account === null ? "" : normaliseAccountNumber(account.accountNumber);
  const names = distinctNames([account?.accountHolderName ?? "", ...otherNames]);
  const numbers = number === "" ? [] : [secretOf(number, accountNumberPattern)];
  const secrets = [...numbers, ...names.map((name) => secretOf(name, namePattern))];
  const everywhere = finderOf(number, secrets);
  const inIdentifiers = names.every(isTakenOutOfIdentifiers)
    ? everywhere
    : finderOf(number, [
        ...numbers,
        ...names.filter(isTakenOutOfIdentifiers).map((name) => secretOf(name, namePattern)),
      ]);

  function identifier(text: string): string;
  function identifier(text: string | null): string | null;
  function identifier(text: string | null): string | null {
    return text === null ? null : storableText(takeOut(text, inIdentifiers), MAX_CODE_LENGTH);
  }

  return {
    identifier,
    message: (text) => storableText(takeOut(text, everywhere), MAX_MESSAGE_LENGTH),
    answer: (text, isComplete) => {
      const redacted = takeOut(text, everywhere);
      return storableText(isComplete ? redacted : takeOutTail(redacted, secrets));
    },
  };
}

/** The longest first: at the same place in a text, a part of a name would leave the rest of it. */
function distinctNames(names: readonly string[]): string[] {
  const distinct = new Set(names.map((name) => name.trim()));
  distinct.delete("");
  return [...distinct].sort((a, b) => b.length - a.length);
}

function isTakenOutOfIdentifiers(name: string): boolean {
  if (name.length >= MIN_LENGTH_IN_IDENTIFIERS) return true;
  // A whole name of two or three letters, such as 홍길동, that no identifier is made of.
  return name.length > 1 && !/[\x20-\x7e]/u.test(name);
}

interface Secret {
  readonly text: string;
  readonly pattern: () => SecretPattern;
}

function secretOf(text: string, patternOf: (secret: string) => SecretPattern): Secret {
  return { text, pattern: once(() => patternOf(text)) };
}

interface Finder {
  readonly secrets: readonly Secret[];
  readonly mayHoldAny: SecretHint;
  /** Whether a number is the account's. */
  readonly isEcho: (number: string) => boolean;
  /** Finds any of the secrets. One for all, and compiled once, if at all: it is large. */
  readonly whole: () => RegExp;
}

function finderOf(accountNumber: string, secrets: readonly Secret[]): Finder {
  return {
    secrets,
    mayHoldAny: hintOf(secrets.map(({ text }) => text)),
    isEcho: echoOf(accountNumber),
    whole: once(() => new RegExp(secrets.map(({ pattern }) => pattern().whole).join("|"), "gu")),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}

/** All secrets in one pass: a second could find a secret in the mark that the first left. */
function takeOut(text: string, { secrets, mayHoldAny, isEcho, whole }: Finder): string {
  if (secrets.length === 0) return text;
  const withoutNumbers = text.replace(NUMBER, (found) => (isEcho(found) ? REDACTED : found));
  return mayHoldAny(withoutNumbers) ? withoutNumbers.replace(whole(), REDACTED) : withoutNumbers;
}

/** What the text ends in may be the beginning of a secret whose rest never came. */
function takeOutTail(text: string, secrets: readonly Secret[]): string {
  let tail = text.slice(-TAIL_LENGTH);
  for (const { pattern } of secrets) tail = tail.replace(new RegExp(pattern().beginningAtEnd, "u"), REDACTED);
  return text.slice(0, -TAIL_LENGTH) + tail;
}

/** Finds out whether a number is the account number, read as a number: without leading zeros, as a float, with an exponent. */
function echoOf(accountNumber: string): (number: string) => boolean {
  const significant = accountNumber.replace(/^0+/u, "");
  if (significant.length < MIN_LENGTH_IN_IDENTIFIERS || !/^\d+$/u.test(significant)) return () => false;
  const beginning = significant.slice(0, MIN_LENGTH_IN_IDENTIFIERS).replace(/0+$/u, "");
  const value = new Decimal(significant);
  return (number) =>
    number.replace(".", "").replace(/^0+/u, "").startsWith(beginning) &&
    new Decimal(number).minus(value).abs().lessThanOrEqualTo(value.times(FLOAT_ERROR));
}
