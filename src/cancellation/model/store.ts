import currencyCodes from "currency-codes";

/**
 * How the total of a cancel follows from its items. EBP's text says: the sum of the items' `amount` (`line`). Its published example (2 × 50 000
 * + 3 000 + 3 000 = 106 000) fits only the sum of quantity × amount (`unit`), which is the default. Each store has one of them; a request is
 * never accepted because it happens to fit the other.
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
 * not in the standard. `Intl` does not help: it answers with CLDR's display habits, and 2 for codes it does not know.
 */
export function currencyDecimals(currencyCode: string): number | undefined {
  return currencyCodes.code(currencyCode)?.digits;
}

/** What EBP issued for a store. Every request carries or is signed with it. */
export interface StoreCredentials {
  readonly storeId: string;
  /** Sent with every request. Expires one year after issue. */
  readonly accessKey: string;
  /** Signs the requests. Never sent, never logged. */
  readonly hashKey: string;
  readonly divisionCode: string;
  readonly channelCode: string;
  /** Regional integration code: KIC, AIC or EIC. */
  readonly ricCode: string;
  /** ISO 3166. */
  readonly countryCode: string;
  /** ISO 4217. */
  readonly currencyCode: string;
}

/** A store as configured: its credentials, where it is reached, and how its amounts are read. */
export interface StoreSettings extends StoreCredentials {
  /** Region and environment (dev, QA, production) have a host each. May carry a path prefix. Null: the built-in simulator. */
  readonly baseUrl: string | null;
  /** How many decimal places its amounts may have: what ISO 4217 says, or what is set for a currency that is newer. */
  readonly currencyDecimals: number;
  readonly amountBasis: AmountBasis;
  /** Signs EBP's webhooks about this store. Null: its webhooks are off. */
  readonly webhookSecret: string | null;
  /** When the access key stops working: a year after its issue. Null: not known. */
  readonly accessKeyExpiresAt: Date | null;
}
