import currencyCodes from "currency-codes";

/**
 * How the total of a cancel follows from its items. EBP's text says the sum of the items' `amount`; its published
 * whole-order example (2 × 50 000 + 3 000 + 3 000 = 106 000, tax 2 × 5 000) fits only the sum of quantity × amount.
 * So `unit` is the default and `line` one setting away, per store. A request is never accepted under whichever fits.
 */
export const AMOUNT_BASES = ["unit", "line"] as const;

export type AmountBasis = (typeof AMOUNT_BASES)[number];

/** One EBP store, as far as the rules of cancelling need to know it. */
export interface Store {
  readonly id: string;
  /** ISO 4217. Every amount of this store is in this currency. */
  readonly currencyCode: string;
  readonly currencyDecimals: number;
  readonly amountBasis: AmountBasis;
}

export type Stores = ReadonlyMap<string, Store>;

/**
 * How many decimal places ISO 4217 gives a currency (KRW 0, USD 2, KWD 3, CLF 4), or undefined for a code that is
 * not in the standard. `Intl` is no substitute: it answers with CLDR's habits of display, and 2 for what it does not know.
 */
export function currencyDecimals(currencyCode: string): number | undefined {
  return currencyCodes.code(currencyCode)?.digits;
}
