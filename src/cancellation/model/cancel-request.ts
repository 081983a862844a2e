import { Decimal, sum } from "./decimal.js";
import type { AmountBasis } from "./store.js";

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

/** What one item adds to the total. */
export function lineTotal(item: Pick<CancelItem, "quantity" | "amount">, basis: AmountBasis): Decimal {
  return scaled(item.amount, item.quantity, basis);
}

/** The tax in a total, of the items that state it. */
export function statedTax(items: readonly CancelItem[], basis: AmountBasis): Decimal {
  return sum(items.map(({ taxAmount, quantity }) => scaled(taxAmount ?? new Decimal(0), quantity, basis)));
}

/** What the items of each kind add to the total, and the tax in it as far as they state it. A kind without items is not there. */
export function totalsByType(
  items: readonly CancelItem[],
  basis: AmountBasis,
): ReadonlyMap<ItemType, { readonly amount: Decimal; readonly tax: Decimal }> {
  const types = [...new Set(items.map(({ itemType }) => itemType))];
  return new Map(
    types.map((type) => {
      const ofType = items.filter(({ itemType }) => itemType === type);
      const amount = sum(ofType.map((item) => lineTotal(item, basis)));
      return [type, { amount, tax: statedTax(ofType, basis) }];
    }),
  );
}

export interface ComputedTotals {
  readonly total: Decimal;
  readonly productTotal: Decimal;
  readonly deliveryTotal: Decimal;
  /** Null when any item of the kind states no tax: then the sum is not known. */
  readonly productTax: Decimal | null;
  readonly deliveryTax: Decimal | null;
}

/** The totals EBP should confirm for these items: DELIVERY apart, everything else is product. */
export function computeTotals(items: readonly CancelItem[], basis: AmountBasis): ComputedTotals {
  const delivery = items.filter((item) => item.itemType === "DELIVERY");
  const products = items.filter((item) => item.itemType !== "DELIVERY");
  const totalOf = (some: readonly CancelItem[]): Decimal => sum(some.map((item) => lineTotal(item, basis)));
  const taxOf = (some: readonly CancelItem[]): Decimal | null =>
    some.some(({ taxAmount }) => taxAmount === null) ? null : statedTax(some, basis);
  return {
    total: totalOf(items),
    productTotal: totalOf(products),
    deliveryTotal: totalOf(delivery),
    productTax: taxOf(products),
    deliveryTax: taxOf(delivery),
  };
}

function scaled(amount: Decimal, quantity: number, basis: AmountBasis): Decimal {
  return basis === "unit" ? amount.times(quantity) : amount;
}
