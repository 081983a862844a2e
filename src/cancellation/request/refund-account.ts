import type { RefundAccount } from "../model/cancel-request.js";

/** What may be shown of a refund account. */
export interface MaskedRefundAccount {
  readonly bankCode: string | null;
  /** The last four characters; fewer when the number is so short that four would be more than half of it. */
  readonly accountNumberLast4: string;
  /** The first letter of each part of the name: "J** D**", "홍**". */
  readonly accountHolderName: string | null;
}

/** People write account numbers with spaces and hyphens; EBP gets the letters and digits. Leading zeros stay. */
export function normaliseAccountNumber(accountNumber: string): string {
  return accountNumber.replace(/[\s-]/gu, "");
}

export function maskRefundAccount(account: RefundAccount): MaskedRefundAccount {
  const shown = Math.min(4, Math.floor(account.accountNumber.length / 2));
  return {
    bankCode: account.bankCode,
    accountNumberLast4: account.accountNumber.slice(account.accountNumber.length - shown),
    accountHolderName: account.accountHolderName === null ? null : maskName(account.accountHolderName),
  };
}

/** In a script that is written without blanks between words: blanks in a name mean nothing there. */
const OF_SYLLABLES = /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\s]+$/u;

function maskName(name: string): string {
  // Part by part, 홍 길 동 would be shown whole.
  const spaced = OF_SYLLABLES.test(name) ? name.replace(/\s+/gu, "") : name;
  const parts = spaced.split(/\s+/u).filter((part) => part !== "");
  return parts.map((part) => `${Array.from(part)[0] ?? ""}**`).join(" ");
}
