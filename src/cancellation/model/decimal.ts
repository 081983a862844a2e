import { Decimal as DecimalJs } from "decimal.js";

/**
 * Exact decimal arithmetic for money. decimal.js rounds the result of an operation to `precision` significant digits
 * (20 unless told), so the precision is set above anything the bounds in `limits.ts` allow: 500 items of a 10-digit
 * quantity times a 19-digit amount need 32 digits. Plain notation always: an exponent never reaches the wire.
 */
export const Decimal = DecimalJs.clone({ precision: 80, toExpNeg: -80, toExpPos: 80 });
export type Decimal = DecimalJs;

const PLAIN = /^-?\d{1,40}(?:\.\d{1,40})?$/u;

/** As somebody writes it, without an exponent, and of at most 40 digits either side of the point; null for anything else. */
export function readPlainDecimal(text: string): Decimal | null {
  return PLAIN.test(text) ? new Decimal(text) : null;
}

export function sum(values: Iterable<Decimal>): Decimal {
  let total: Decimal = new Decimal(0);
  for (const value of values) total = total.plus(value);
  return total;
}
