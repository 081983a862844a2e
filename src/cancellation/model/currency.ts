import currencyCodes from "currency-codes";

/**
 * How many decimal places ISO 4217 gives a currency (KRW 0, USD 2, KWD 3, CLF 4), or undefined for a code that is
 * not in the standard. `Intl` is no substitute: it answers with CLDR's habits of display, and 2 for what it does not know.
 */
export function currencyDecimals(currencyCode: string): number | undefined {
  return currencyCodes.code(currencyCode)?.digits;
}
