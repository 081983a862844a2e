import { describe, expect, test } from "@jest/globals";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { findDiscrepancies } from "../../../src/cancellation/cancel/discrepancies.js";
import type { Confirmation, ConfirmedItem } from "../../../src/cancellation/model/outcome.js";
import { cancelItem } from "../../helpers/examples.js";

const ITEMS = [
  cancelItem({ seq: 1, quantity: 2, amount: new Decimal(500), taxAmount: new Decimal(50) }),
  cancelItem({
    seq: 2,
    itemType: "DELIVERY",
    itemId: "D1",
    amount: new Decimal(30),
    taxAmount: new Decimal(3),
  }),
];

const LINES: ConfirmedItem[] = ITEMS.map(({ seq, itemType, itemId, quantity, amount, taxAmount }) => ({
  seq,
  itemType,
  itemId,
  quantity,
  amount,
  taxAmount,
}));

function confirmed(changes: Partial<Confirmation> = {}): Confirmation {
  return {
    returnRequestId: "R1",
    processedCount: 2,
    totalProductAmount: new Decimal(1000),
    totalProductTaxAmount: new Decimal("100.00"),
    totalDeliveryAmount: new Decimal(30),
    totalDeliveryTaxAmount: new Decimal(3),
    items: LINES,
    ...changes,
  };
}

function lineChanged(changes: Partial<ConfirmedItem>): Confirmation {
  return confirmed({ items: LINES.map((line) => (line.seq === 2 ? { ...line, ...changes } : line)) });
}

describe("what EBP confirmed", () => {
  test("has no discrepancy when everything is as asked", () => {
    expect(findDiscrepancies(ITEMS, "unit", confirmed())).toEqual([]);
  });

  test("has none for what EBP may leave out", () => {
    expect(findDiscrepancies(ITEMS, "unit", lineChanged({ amount: null, taxAmount: null }))).toEqual([]);
  });

  test("is not compared with a tax nobody asked for", () => {
    const untaxed = ITEMS.map((item) => ({ ...item, taxAmount: null }));
    expect(findDiscrepancies(untaxed, "unit", confirmed())).toEqual([]);
  });

  test.each<[string, Confirmation, string, string, string]>([
    [
      "the product total",
      confirmed({ totalProductAmount: new Decimal(999) }),
      "totalProductAmount",
      "1000",
      "999",
    ],
    [
      "the product tax",
      confirmed({ totalProductTaxAmount: new Decimal(50) }),
      "totalProductTaxAmount",
      "100",
      "50",
    ],
    [
      "the delivery total",
      confirmed({ totalDeliveryAmount: new Decimal(0) }),
      "totalDeliveryAmount",
      "30",
      "0",
    ],
    [
      "the delivery tax",
      confirmed({ totalDeliveryTaxAmount: null }),
      "totalDeliveryTaxAmount",
      "3",
      "not stated",
    ],
    ["the count", confirmed({ processedCount: 1 }), "processedCount", "2", "1"],
    ["the return request", confirmed({ returnRequestId: null }), "returnRequestId", "an id", "not stated"],
    ["a line's quantity", lineChanged({ quantity: 2 }), "items.seq 2.quantity", "1", "2"],
    ["a line's amount", lineChanged({ amount: new Decimal(31) }), "items.seq 2.amount", "30", "31"],
    ["a line's tax", lineChanged({ taxAmount: new Decimal(4) }), "items.seq 2.taxAmount", "3", "4"],
    ["a line's item", lineChanged({ itemId: "D2" }), "items.seq 2.itemId", "D1", "D2"],
    ["a line's type", lineChanged({ itemType: "SHIPPING" }), "items.seq 2.itemType", "DELIVERY", "SHIPPING"],
    ["a missing line", confirmed({ items: LINES.slice(0, 1) }), "items.seq 2", "an item", "not stated"],
    [
      "a line too many",
      confirmed({ items: [...LINES, ...LINES.map((line) => ({ ...line, seq: line.seq + 10 }))].slice(0, 3) }),
      "items.seq 11",
      "nothing",
      "an item",
    ],
    [
      "a line twice",
      confirmed({ items: [...LINES, ...LINES.slice(1)] }),
      "items.seq 2",
      "an item",
      "2 items",
    ],
  ])("tells a difference in %s", (_what, confirmation, field, asked, told) => {
    expect(findDiscrepancies(ITEMS, "unit", confirmation)).toEqual([{ field, asked, confirmed: told }]);
  });
});
