import fc from "fast-check";
import type { CancelItem } from "../../src/cancellation/model/cancel-request.js";
import { ITEM_TYPES } from "../../src/cancellation/model/cancel-request.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";

const DIGITS = Array.from("0123456789");
const ID_CHARACTERS = Array.from("ABCxyz019-_가나");

/** Amounts of a currency with so many decimals, as text in every form a caller may write: leading and trailing zeros too. */
export function amountText(decimals: number, maxIntegerDigits = 12): fc.Arbitrary<string> {
  const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...DIGITS), minLength, maxLength });
  return fc
    .tuple(digits(1, maxIntegerDigits), digits(0, decimals))
    .map(([whole, fraction]) => (fraction === "" ? whole : `${whole}.${fraction}`));
}

export function amount(decimals: number): fc.Arbitrary<Decimal> {
  return amountText(decimals).map((text) => new Decimal(text));
}

/** One to `maxLength` items with a seq each of its own. */
export function items(decimals: number, maxLength = 8): fc.Arbitrary<CancelItem[]> {
  const one = fc.record({
    seq: fc.nat(1_000_000),
    itemType: fc.constantFrom(...ITEM_TYPES),
    itemId: fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...ID_CHARACTERS) }),
    quantity: fc.integer({ min: 1, max: 100 }),
    amount: amount(decimals),
    taxAmount: fc.option(amount(decimals)),
  });
  return fc.uniqueArray(one, { minLength: 1, maxLength, selector: ({ seq }) => seq });
}
