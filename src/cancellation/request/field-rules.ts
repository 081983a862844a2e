import type { MaskedRefundAccount, RefundAccount } from "../model/cancel-request.js";
import { Decimal } from "../model/decimal.js";
import { InvalidArgumentError } from "../model/errors.js";
import type { Fault } from "../model/fault.js";
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
  if (value !== value.trim()) return [{ kind: "surroundingBlanks", field }];
  const hidden = INVISIBLE.exec(value)?.[0].codePointAt(0);
  if (hidden !== undefined) {
    const character = `U+${hidden.toString(16).toUpperCase().padStart(4, "0")}`;
    return [{ kind: "invisible", field, character }];
  }
  return value === value.normalize("NFC") ? [] : [{ kind: "notNormalised", field }];
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
  return [{ kind: "statesAccount", field }];
}

function readableFaults(field: string, value: string, max: number, unreadable: RegExp): Fault[] {
  if (value.trim() === "") return [{ kind: "blank", field, max }];
  if (value.length > max) return [{ kind: "tooLong", field, max }];
  return unreadable.test(value) ? [{ kind: "unreadable", field }] : [];
}

/** @throws InvalidArgumentError for a text that no stored value can equal. */
export function assertText(field: string, value: string, maxLength: number): string {
  assertNoFault(textFaults(field, value, maxLength));
  return value;
}

/** @throws InvalidArgumentError for the first of them. */
export function assertNoFault([fault]: readonly Fault[]): void {
  if (fault !== undefined) throw new InvalidArgumentError(fault);
}

const ZERO = new Decimal(0);

/** Zero or more, within NUMERIC(19, 4), and no finer than the currency's smallest unit. */
export function amountFaults(field: string, amount: Decimal | null, store: Store): Fault[] {
  if (amount === null) return [];
  const { currencyCode, currencyDecimals } = store;
  if (!amount.isFinite()) return [{ kind: "notANumber", field }];
  if (amount.lessThan(ZERO)) return [{ kind: "belowLeast", field, min: ZERO }];
  if (amount.e >= MAX_AMOUNT_INTEGER_DIGITS)
    return [{ kind: "aboveMost", field, max: mostOf(currencyDecimals) }];
  if (amount.decimalPlaces() > currencyDecimals)
    return [{ kind: "tooManyDecimals", field, max: currencyDecimals, currencyCode }];
  return [];
}

/** More than zero: a cancel of nothing is none. */
export function totalFaults(field: string, total: Decimal, store: Store): Fault[] {
  if (total.isFinite() && total.lessThanOrEqualTo(ZERO))
    return [{ kind: "notPositive", field, min: new Decimal(10).pow(-store.currencyDecimals) }];
  return amountFaults(field, total, store);
}

function mostOf(decimals: number): Decimal {
  return new Decimal(10).pow(MAX_AMOUNT_INTEGER_DIGITS).minus(new Decimal(10).pow(-decimals));
}

export function integerFaults(field: string, value: number, min: number, max: number): Fault[] {
  if (Number.isInteger(value) && value >= min && value <= max) return [];
  return [{ kind: "outOfRange", field, min, max }];
}

/** People write account numbers with spaces and hyphens; EBP gets the letters and digits. Leading zeros stay. */
export function normaliseAccountNumber(accountNumber: string): string {
  return accountNumber.replace(/[\s-]/gu, "");
}

/** The faults repeat nothing of the number. */
export function accountNumberFaults(field: string, number: string): Fault[] {
  const length = { min: MIN_ACCOUNT_NUMBER_LENGTH, max: MAX_ACCOUNT_NUMBER_LENGTH };
  if (!/^[A-Za-z0-9]*$/u.test(number)) return [{ kind: "accountCharacters", field }];
  if (number.length < length.min) return [{ kind: "accountTooShort", field, ...length }];
  if (number.length > length.max) return [{ kind: "accountTooLong", field, ...length }];
  // A name given instead of a number: its last four characters would be shown.
  return /\d/u.test(number) ? [] : [{ kind: "accountWithoutDigit", field }];
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
