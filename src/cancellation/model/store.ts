import type { AmountBasis } from "../request/amount-rule.js";

/** One EBP store, as far as the rules of cancelling need to know it. */
export interface Store {
  readonly id: string;
  /** ISO 4217. Every amount of this store is in this currency. */
  readonly currencyCode: string;
  readonly currencyDecimals: number;
  readonly amountBasis: AmountBasis;
}

export type Stores = ReadonlyMap<string, Store>;
