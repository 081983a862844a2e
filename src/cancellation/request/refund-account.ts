import type { MaskedRefundAccount, RefundAccount } from "../model/cancel-request.js";
import type { Fault } from "../model/errors.js";
import { MAX_ACCOUNT_NUMBER_LENGTH, MIN_ACCOUNT_NUMBER_LENGTH } from "../model/limits.js";

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
