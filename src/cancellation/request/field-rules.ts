import type { MaskedRefundAccount, RefundAccount } from "../model/cancel-request.js";
import type { Decimal } from "../model/decimal.js";
import { type Fault, InvalidArgumentError } from "../model/errors.js";
import {
  MAX_ACCOUNT_NUMBER_LENGTH,
  MAX_AMOUNT_INTEGER_DIGITS,
  MIN_ACCOUNT_NUMBER_LENGTH,
} from "../model/limits.js";
import type { Store } from "../model/store.js";

// PostgreSQL cannot store NUL, and nobody can read control characters; a lone surrogate is half a character.
const UNREADABLE = /\p{Cc}|\p{Cs}/u;

const UNREADABLE_IN_PROSE = /(?![\n\r\t])\p{Cc}|\p{Cs}/u;

/** Characters that nobody sees, or that look like a space: two identifiers that look the same would be different. */
const INVISIBLE = /\p{Cf}|\p{Default_Ignorable_Code_Point}|(?! )\p{Z}/u;

/** A text of one line; null is none. */
export function textFaults(field: string, value: string | null, maxLength: number): Fault[] {
  return value === null ? [] : readableFaults(field, value, maxLength, UNREADABLE);
}

/** An identifier. Blanks around it, invisible characters or another Unicode form would make it another identifier here, and perhaps the same one at EBP. */
export function identifierFaults(field: string, value: string, maxLength: number): Fault[] {
  const faults = textFaults(field, value, maxLength);
  if (faults.length > 0) return faults;
  if (value !== value.trim()) return [{ field, expected: "no blanks at either end", found: "some" }];
  const hidden = INVISIBLE.exec(value)?.[0].codePointAt(0);
  if (hidden !== undefined) {
    const found = `U+${hidden.toString(16).toUpperCase().padStart(4, "0")}`;
    return [{ field, expected: "visible characters, and no blanks but the space", found }];
  }
  if (value !== value.normalize("NFC"))
    return [{ field, expected: "Unicode in normal form C (NFC)", found: "another form" }];
  return [];
}

/** An optional text of several lines. It is shown as it is, so it must not contain the refund account's number. */
export function proseFaults(
  field: string,
  value: string | null,
  maxLength: number,
  account: RefundAccount | null = null,
): Fault[] {
  if (value === null) return [];
  const faults = readableFaults(field, value, maxLength, UNREADABLE_IN_PROSE);
  if (faults.length > 0 || account === null || !statesNumber(value, account.accountNumber)) return faults;
  const expected =
    "a text without the refund account's number, because everybody who may read the history sees it";
  return [{ field, expected, found: "that number" }];
}

function readableFaults(field: string, value: string, maxLength: number, unreadable: RegExp): Fault[] {
  const expected = `1 to ${maxLength} characters`;
  if (value.trim() === "")
    return [{ field, expected, found: value === "" ? "an empty text" : "only blanks" }];
  if (value.length > maxLength) return [{ field, expected, found: `${value.length} characters` }];
  if (!unreadable.test(value)) return [];
  return [{ field, expected: "readable characters", found: "a control character or half a character" }];
}

/** @throws InvalidArgumentError for a text that no stored value can equal. */
export function assertText(field: string, value: string, maxLength: number): string {
  assertNoFault(textFaults(field, value, maxLength));
  return value;
}

/** @throws InvalidArgumentError for the first of them. */
export function assertNoFault([fault]: readonly Fault[]): void {
  if (fault !== undefined) throw new InvalidArgumentError(fault.field, fault.expected, fault.found);
}

/** Non-negative, within NUMERIC(19, 4), and no finer than the currency's smallest unit. */
export function amountFaults(field: string, amount: Decimal | null, store: Store): Fault[] {
  if (amount === null) return [];
  if (!amount.isFinite()) return [{ field, expected: "a number", found: "none" }];
  if (amount.isNegative() && !amount.isZero()) return [{ field, expected: "zero or more", found: "less" }];
  if (amount.e >= MAX_AMOUNT_INTEGER_DIGITS) {
    const expected = `at most ${MAX_AMOUNT_INTEGER_DIGITS} digits before the decimal point`;
    return [{ field, expected, found: `${amount.e + 1}` }];
  }
  if (amount.decimalPlaces() > store.currencyDecimals) {
    const expected = `at most ${store.currencyDecimals} decimal places, as ${store.currencyCode} has`;
    return [{ field, expected, found: `${amount.decimalPlaces()}` }];
  }
  return [];
}

export function integerFaults(field: string, value: number, least: number, most: number): Fault[] {
  if (Number.isInteger(value) && value >= least && value <= most) return [];
  return [{ field, expected: `a whole number from ${least} to ${most}`, found: "another number" }];
}

/** People write account numbers with spaces and hyphens; EBP gets the letters and digits. Leading zeros stay. */
export function normaliseAccountNumber(accountNumber: string): string {
  return accountNumber.replace(/[\s-]/gu, "");
}

/** The faults repeat nothing of the number. */
export function accountNumberFaults(field: string, number: string): Fault[] {
  if (!/^[A-Za-z0-9]*$/u.test(number)) {
    const expected = "letters and digits, apart from spaces and hyphens";
    return [{ field, expected, found: "other characters" }];
  }
  if (number.length < MIN_ACCOUNT_NUMBER_LENGTH || number.length > MAX_ACCOUNT_NUMBER_LENGTH) {
    const expected = `${MIN_ACCOUNT_NUMBER_LENGTH} to ${MAX_ACCOUNT_NUMBER_LENGTH} letters or digits`;
    return [{ field, expected, found: `${number.length} of them` }];
  }
  // A name given instead of a number: its last four characters would be shown.
  if (!/\d/u.test(number)) return [{ field, expected: "at least one digit", found: "letters only" }];
  return [];
}

export function maskRefundAccount(account: RefundAccount): MaskedRefundAccount {
  const shown = Math.min(4, Math.floor(account.accountNumber.length / 2));
  return {
    bankCode: account.bankCode,
    accountNumberLast4: account.accountNumber.slice(account.accountNumber.length - shown),
    accountHolderName: account.accountHolderName === null ? null : maskName(account.accountHolderName),
  };
}

/** Scripts in which blanks do not separate the parts of a name. */
const OF_SYLLABLES = /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\s]+$/u;

function maskName(name: string): string {
  // Otherwise 홍 길 동 would be shown in full.
  const spaced = OF_SYLLABLES.test(name) ? name.replace(/\s+/gu, "") : name;
  const parts = spaced.split(/\s+/u).filter((part) => part !== "");
  return parts.map((part) => `${Array.from(part)[0] ?? ""}**`).join(" ");
}

/** Digits, perhaps grouped by hyphens. */
const WRITTEN_NUMBER = /\d+(?:-\d+)*/gu;

/** Many honest notes contain shorter numbers. */
const MIN_TELLING_DIGITS = 6;

/** Whether the text contains the account number, whole or as one group of a longer number. */
export function statesNumber(text: string, accountNumber: string): boolean {
  const number = normaliseAccountNumber(accountNumber);
  if (number.length < MIN_TELLING_DIGITS) return false;
  const written = text.match(WRITTEN_NUMBER) ?? [];
  return written.some((run) => normaliseAccountNumber(run) === number || run.split("-").includes(number));
}
