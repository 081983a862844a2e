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

/** A request to cancel as the caller states it. `null` is "not given". */
export interface CancelPaymentInput {
  readonly idempotencyKey: string;
  readonly storeId: string | null;
  readonly orderNo: string;
  readonly totalCancelAmount: Decimal;
  readonly items: readonly CancelItem[];
  readonly refundAccount: RefundAccount | null;
  readonly reason: string | null;
  readonly note: string | null;
  /** What the caller believes is already cancelled on this order; the cancel is refused when that is not so. */
  readonly expectedCancelledTotal: Decimal | null;
}

/** A request that passed every check: the store is known, the account number normalised, the total agrees with the items. */
export interface CancelRequest extends CancelPaymentInput {
  readonly storeId: string;
}
