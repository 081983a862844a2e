import type { CancelItem, ItemType } from "../model/cancel-request.js";
import { Decimal, sum } from "../model/decimal.js";
import type { AmountBasis } from "../model/store.js";

const IN_WORDS: Readonly<Record<AmountBasis, string>> = {
  unit: "the sum of quantity × amount over all items",
  line: "the sum of amount over all items",
};

export function basisInWords(basis: AmountBasis): string {
  return IN_WORDS[basis];
}

/** What one item adds to the total. */
export function lineTotal(item: Pick<CancelItem, "quantity" | "amount">, basis: AmountBasis): Decimal {
  return scaled(item.amount, item.quantity, basis);
}

/** The tax in a total, of the items that state it. */
export function statedTax(items: readonly CancelItem[], basis: AmountBasis): Decimal {
  const stated = items.filter(({ taxAmount }) => taxAmount !== null);
  return sum(stated.map(({ taxAmount, quantity }) => scaled(taxAmount ?? new Decimal(0), quantity, basis)));
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
