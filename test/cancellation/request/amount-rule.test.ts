import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AMOUNT_BASES } from "../../../src/cancellation/model/store.js";
import { computeTotals, lineTotal } from "../../../src/cancellation/request/amount-rule.js";
import { Decimal, sum } from "../../../src/cancellation/model/decimal.js";
import { PUBLISHED_CANCELS, published, publishedRequest } from "../../helpers/examples.js";
import { items } from "../../helpers/arbitraries.js";

/** Amounts as integers of the smallest unit: arithmetic that cannot round. */
function units(amount: Decimal, decimals: number): bigint {
  return BigInt(amount.times(new Decimal(10).pow(decimals)).toFixed());
}

describe("the amount rule", () => {
  test.each(PUBLISHED_CANCELS)("agrees with the published %s example under the unit basis", (name) => {
    const request = publishedRequest(name, "SIM-KR");
    const totals = computeTotals(request.items, "unit");
    const { data } = JSON.parse(published(`${name}.response`)) as { data: Record<string, number> };

    expect(totals.total.toFixed()).toBe(request.totalCancelAmount.toFixed());
    expect(totals.productTotal.toFixed()).toBe(String(data["totalProductAmount"]));
    expect(totals.productTax?.toFixed()).toBe(String(data["totalProductTaxAmount"]));
    expect(totals.deliveryTotal.toFixed()).toBe(String(data["totalDeliveryAmount"]));
  });

  test("tells the published whole-order example apart: the line basis makes another total of it", () => {
    expect(computeTotals(publishedRequest("order-unit", "SIM-KR").items, "line").total.toFixed()).toBe(
      "56000",
    );
  });

  test("is exact: it agrees with integer arithmetic in the smallest unit, on either basis", () => {
    fc.assert(
      fc.property(items(4, 50), fc.constantFrom(...AMOUNT_BASES), (lines, basis) => {
        const expected = lines.reduce(
          (total, line) => total + units(line.amount, 4) * (basis === "unit" ? BigInt(line.quantity) : 1n),
          0n,
        );
        expect(units(computeTotals(lines, basis).total, 4)).toBe(expected);
      }),
    );
  });

  test("does not depend on the order of the items", () => {
    fc.assert(
      fc.property(items(2), fc.constantFrom(...AMOUNT_BASES), (lines, basis) => {
        const [there, back] = [computeTotals(lines, basis), computeTotals([...lines].reverse(), basis)];
        expect(back.total.equals(there.total)).toBe(true);
      }),
    );
  });

  test("splits the total into products and delivery, and into the lines", () => {
    fc.assert(
      fc.property(items(3), fc.constantFrom(...AMOUNT_BASES), (lines, basis) => {
        const { total, productTotal, deliveryTotal } = computeTotals(lines, basis);
        expect(productTotal.plus(deliveryTotal).equals(total)).toBe(true);
        expect(sum(lines.map((line) => lineTotal(line, basis))).equals(total)).toBe(true);
      }),
    );
  });

  test("says nothing about a tax that an item does not state", () => {
    const [first, ...rest] = publishedRequest("order-unit", "SIM-KR").items;
    if (first === undefined) throw new Error("the example has no items");
    const totals = computeTotals([{ ...first, taxAmount: null }, ...rest], "unit");

    expect(totals.productTax).toBeNull();
    expect(totals.deliveryTax?.toFixed()).toBe("0");
  });

  test("holds 500 items of the largest amounts without rounding", () => {
    const line = publishedRequest("amount-unit", "SIM-KR").items[0];
    if (line === undefined) throw new Error("the example has no items");
    const largest = { ...line, quantity: 1_000_000, amount: new Decimal("999999999999999.9999") };
    const lines = Array.from({ length: 500 }, (_, seq) => ({ ...largest, seq }));

    expect(computeTotals(lines, "unit").total.toFixed()).toBe("499999999999999999950000");
  });
});
