import type { Decimal } from "./decimal.js";

/** EBP's item types. DELIVERY is summed apart from the products. */
export const ITEM_TYPES = ["PHYSICAL", "DIGITAL", "SUBSCRIPTION", "DELIVERY", "SERVICE"] as const;
export type ItemType = (typeof ITEM_TYPES)[number];

/** One line of the order to cancel. Amounts in major units of the store's currency. */
export interface CancelItem {
  /** Line number within the order. */
  readonly seq: number;
  readonly itemType: ItemType;
  readonly itemId: string;
  readonly quantity: number;
  readonly amount: Decimal;
  readonly taxAmount: Decimal | null;
}

/** Bank account for a refund that cannot go back to the instrument. Never logged, never returned. */
export interface RefundAccount {
  readonly accountNumber: string;
  readonly bankCode: string | null;
  readonly accountHolderName: string | null;
}

/** A request that passed every check: the store is known, the account number normalised, the total agrees with the items. */
export interface CancelRequest {
  readonly idempotencyKey: string;
  readonly storeId: string;
  readonly orderNo: string;
  readonly totalCancelAmount: Decimal;
  readonly items: readonly CancelItem[];
  readonly refundAccount: RefundAccount | null;
  readonly reason: string | null;
  readonly note: string | null;
  /** What the caller expects to be cancelled on this order already; if it is not, nothing is sent. */
  readonly expectedCancelledTotal: Decimal | null;
}

/** What is null in a request may be left out by the caller. */
type Optional<T> = { [K in keyof T as null extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : never]?: T[K];
};

/** A request to cancel as the caller states it. */
export interface CancelPaymentInput extends Optional<
  Omit<CancelRequest, "storeId" | "items" | "refundAccount">
> {
  readonly storeId?: string | null;
  readonly items: readonly Optional<CancelItem>[];
  readonly refundAccount?: Optional<RefundAccount> | null;
}

/** What may be shown of a refund account. */
export interface MaskedRefundAccount {
  readonly bankCode: string | null;
  /** The last four characters; fewer when the number is so short that four would be more than half of it. */
  readonly accountNumberLast4: string;
  /** The first letter of each part of the name: "J** D**", "홍**". */
  readonly accountHolderName: string | null;
}

/** What is stored of a request to recognise it when its key comes back. */
export interface RequestIdentity {
  readonly fingerprint: string;
  readonly refundAccount: RefundAccount | null;
  /** False when it is no longer known whether there was a refund account: it was erased, or the row was entered again from a log. */
  readonly isAccountKnown: boolean;
}
