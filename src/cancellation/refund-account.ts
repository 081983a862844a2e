import type { RefundAccount } from "./cancel-request.js";

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

/** Whether a text that people write gives the account away, however they group or write it. */
export function holdsAccount(text: string, account: RefundAccount | null): boolean {
  if (account === null) return false;
  const holder = wordsOf(account.accountHolderName ?? "");
  return (
    lettersAndDigits(text).includes(lettersAndDigits(account.accountNumber)) ||
    (holder !== "" && wordsOf(text).includes(holder))
  );
}

/** The same where only the masked account can be read: a number that ends as it does may be it. */
export function mayHoldAccount(text: string, account: MaskedRefundAccount | null): boolean {
  if (account === null) return false;
  const at = lettersAndDigits(text).indexOf(lettersAndDigits(account.accountNumberLast4), 1);
  return account.accountNumberLast4 !== "" && at !== -1;
}

function lettersAndDigits(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function wordsOf(text: string): string {
  return text.normalize("NFKC").toLowerCase().trim().replace(/\s+/gu, " ");
}

function maskName(name: string): string {
  const parts = name.split(/\s+/u).filter((part) => part !== "");
  return parts.map((part) => `${Array.from(part)[0] ?? ""}**`).join(" ");
}
