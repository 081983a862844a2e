import { Decimal as DecimalJs } from "decimal.js";

/**
 * Exact decimal arithmetic for money. decimal.js rounds the result of an operation to `precision` significant digits
 * (20 unless told), so the precision is set above anything the bounds in `limits.ts` allow: 500 items of a 10-digit
 * quantity times a 19-digit amount need 32 digits. Plain notation always: an exponent never reaches the wire.
 */
export const Decimal = DecimalJs.clone({ precision: 80, toExpNeg: -80, toExpPos: 80 });
export type Decimal = DecimalJs;

export function sum(values: Iterable<Decimal>): Decimal {
  let total: Decimal = new Decimal(0);
  for (const value of values) total = total.plus(value);
  return total;
}
