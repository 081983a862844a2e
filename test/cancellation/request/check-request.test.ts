import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { computeTotals } from "../../../src/cancellation/request/amount-rule.js";
import type { CancelPaymentInput } from "../../../src/cancellation/model/cancel-request.js";
import { checkRequest } from "../../../src/cancellation/request/check-request.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import { items } from "../../helpers/arbitraries.js";
import { callerOf, cancelItem, cancelRequest } from "../../helpers/examples.js";

const KRW: Store = { id: "KR", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" };
const USD: Store = { id: "US", currencyCode: "USD", currencyDecimals: 2, amountBasis: "line" };
const STORES = new Map([KRW, USD].map((store) => [store.id, store]));
const CALLER = callerOf("KR");

function input(changes: Partial<CancelPaymentInput> = {}): CancelPaymentInput {
  return { ...cancelRequest(), storeId: null, ...changes };
}

function errorsOf(changes: Partial<CancelPaymentInput>): string[] {
  const checked = checkRequest(input(changes), CALLER, STORES);
  return checked.ok ? [] : checked.errors.map(({ message }) => message);
}

const INVISIBLE = [
  "\u200B",
  "\u200D",
  "\u00AD",
  "\uFEFF",
  "\u2060",
  "\uFE0F",
  "\u{E0101}",
  "\u034F",
  "\u3164",
  "\u115F",
  "\u202E",
  "\u00A0",
  "\u3000",
];

describe("a request", () => {
  test("is accepted when every rule holds", () => {
    expect(errorsOf({})).toEqual([]);
  });

  test.each<[string, Partial<CancelPaymentInput>, string]>([
    [
      "a blank after the order number",
      { orderNo: "ORD-1 " },
      "input.orderNo: expected no blanks at either end, found some",
    ],
    [
      "a no-break space before it",
      { orderNo: "\u00a0ORD-1" },
      "input.orderNo: expected no blanks at either end, found some",
    ],
    [
      "a blank before an item id",
      { items: [cancelItem({ itemId: " P1" })] },
      "input.items.0.itemId: expected no blanks at either end, found some",
    ],
    [
      "a store of 90 000 characters",
      { storeId: "S".repeat(90_000) },
      "input.storeId: expected 1 to 100 characters, found 90000 characters",
    ],
    [
      "an empty key",
      { idempotencyKey: "" },
      "input.idempotencyKey: expected 1 to 255 characters, found an empty text",
    ],
    [
      "a key of 300 characters",
      { idempotencyKey: "k".repeat(300) },
      "input.idempotencyKey: expected 1 to 255 characters, found 300 characters",
    ],
    [
      "a NUL in the order number",
      { orderNo: "A\u0000B" },
      "input.orderNo: expected readable characters, found a control character or half a character",
    ],
    ["no items", { items: [] }, "input.items: expected 1 to 500 items, found 0"],
    [
      "501 items",
      { items: Array.from({ length: 501 }, (_, seq) => cancelItem({ seq })) },
      "input.items: expected 1 to 500 items, found 501",
    ],
    [
      "a seq that stands twice",
      { items: [cancelItem({ seq: 7 }), cancelItem({ seq: 8 }), cancelItem({ seq: 7 })] },
      "input.items.2.seq: expected a seq no other item has, found that of items.0",
    ],
    [
      "a negative seq",
      { items: [cancelItem({ seq: -1 })] },
      "input.items.0.seq: expected a whole number from 0 to 2147483647, found another number",
    ],
    [
      "a quantity of zero",
      { items: [cancelItem({ quantity: 0 })] },
      "input.items.0.quantity: expected a whole number from 1 to 1000000, found another number",
    ],
    [
      "a negative amount",
      { items: [cancelItem(), cancelItem({ seq: 9, amount: new Decimal(-5) })] },
      "input.items.1.amount: expected zero or more, found less",
    ],
    [
      "a thousandth of a won",
      { items: [cancelItem({ amount: new Decimal("0.001") })] },
      "input.items.0.amount: expected at most 0 decimal places, as KRW has, found 3",
    ],
    [
      "16 digits before the point",
      { totalCancelAmount: new Decimal("1e15") },
      "input.totalCancelAmount: expected at most 15 digits before the decimal point, found 16",
    ],
    [
      "an amount beyond all bounds",
      { totalCancelAmount: new Decimal("1e400") },
      "input.totalCancelAmount: expected at most 15 digits before the decimal point, found 401",
    ],
    [
      "not a number",
      { totalCancelAmount: new Decimal(Number.NaN) },
      "input.totalCancelAmount: expected a number, found none",
    ],
    [
      "a total of zero",
      { totalCancelAmount: new Decimal(0) },
      "input.totalCancelAmount: expected more than zero, found 0",
    ],
    [
      "a long reason",
      { reason: "r".repeat(501) },
      "input.reason: expected 1 to 500 characters, found 501 characters",
    ],
    [
      "an account number of 3 digits",
      { refundAccount: { accountNumber: "1-2 3", bankCode: null, accountHolderName: null } },
      "input.refundAccount.accountNumber: expected 4 to 34 letters or digits, found 3 of them",
    ],
    [
      "an account number with a slash",
      { refundAccount: { accountNumber: "1234/5678", bankCode: null, accountHolderName: null } },
      "input.refundAccount.accountNumber: expected letters and digits, apart from spaces and hyphens, found other characters",
    ],
    ["an unknown store", { storeId: "XX" }, "input.storeId: expected a store you can act for, found another"],
    [
      "another caller's store",
      { storeId: "US" },
      "input.storeId: expected a store you can act for, found another",
    ],
  ])(
    "with %s is refused, naming the field, what was expected and what was found",
    (_case, changes, message) => {
      expect(errorsOf(changes)).toContain(message);
    },
  );

  test.each(["orderNo", "idempotencyKey", "itemId"])(
    "with an invisible character in its %s is refused",
    (field) => {
      const invisible = fc.constantFrom(...INVISIBLE);
      fc.assert(
        fc.property(invisible, fc.nat(4), (hidden, at) => {
          const text = `ORD-1`.slice(0, at + 1) + hidden + "1";
          const told = errorsOf(
            field === "itemId" ? { items: [cancelItem({ itemId: text })] } : { [field]: text },
          );
          expect(told).toEqual([expect.stringContaining(field)]);
        }),
      );
    },
  );

  test("with an order number in another Unicode form is refused", () => {
    const orderNo = "주문-1";
    expect(errorsOf({ orderNo: orderNo.normalize("NFD") })).toEqual([
      expect.stringContaining("input.orderNo"),
    ]);
    expect(errorsOf({ orderNo: orderNo.normalize("NFC") })).toEqual([]);
  });

  test("is told of every fault at once", () => {
    expect(errorsOf({ idempotencyKey: "", orderNo: "", items: [cancelItem({ quantity: 0 })] })).toHaveLength(
      3,
    );
  });

  test("without a store is refused when the caller can act for several", () => {
    const checked = checkRequest(input(), callerOf("KR", "US"), STORES);

    expect(checked.ok ? [] : checked.errors).toMatchObject([
      {
        code: "INVALID_INPUT",
        field: "input.storeId",
        message: "input.storeId: expected one of your stores, found nothing",
      },
    ]);
  });

  test("keeps newlines in its note, and leading zeros of the account number, without spaces and hyphens", () => {
    const refundAccount = { accountNumber: " 0012-34 5678 ", bankCode: "001", accountHolderName: "홍길동" };
    const checked = checkRequest(input({ note: "one\ntwo", refundAccount }), CALLER, STORES);

    expect(checked).toMatchObject({
      ok: true,
      request: { note: "one\ntwo", refundAccount: { accountNumber: "0012345678" } },
    });
  });

  test("with a total that is not the sum is told both, and the basis in words", () => {
    const checked = checkRequest(input({ totalCancelAmount: new Decimal(999) }), CALLER, STORES);

    expect(checked.ok ? [] : checked.errors).toMatchObject([
      {
        code: "AMOUNT_MISMATCH",
        field: "input.totalCancelAmount",
        message: expect.stringContaining("the sum of quantity × amount over all items, which is 1000"),
      },
    ]);
  });

  test("is judged by its store's basis only: a total that fits the other one is refused", () => {
    const twoUnits = [cancelItem({ quantity: 2, amount: new Decimal(500) })];
    const us = callerOf("US");
    const byUnit = input({ items: twoUnits, totalCancelAmount: new Decimal(1000) });
    const byLine = input({ items: twoUnits, totalCancelAmount: new Decimal(500) });

    expect(checkRequest(byUnit, CALLER, STORES).ok).toBe(true);
    expect(checkRequest(byLine, CALLER, STORES).ok).toBe(false);
    expect(checkRequest(byUnit, us, STORES).ok).toBe(false);
    expect(checkRequest(byLine, us, STORES).ok).toBe(true);
  });

  test("is accepted for exactly the computed total, whatever the items", () => {
    const stores = new Map([["KR", { ...KRW, currencyDecimals: 2 }]]);
    fc.assert(
      fc.property(items(2), fc.bigInt({ min: -5n, max: 5n }), (lines, off) => {
        const total = computeTotals(lines, "unit").total;
        fc.pre(total.greaterThan(1));
        const stated = total.plus(new Decimal(off.toString()).dividedBy(100));
        expect(checkRequest(input({ items: lines, totalCancelAmount: stated }), CALLER, stores).ok).toBe(
          off === 0n,
        );
      }),
    );
  });

  test("never quotes any part of a refund account in an error", () => {
    // Marked, so that it cannot stand in a message by chance.
    const secret = fc.string({ minLength: 1, maxLength: 200 }).map((text) => `§${text}`);
    fc.assert(
      fc.property(secret, secret, secret, (accountNumber, bankCode, accountHolderName) => {
        const refundAccount = { accountNumber, bankCode, accountHolderName };
        const told = errorsOf({ refundAccount });
        expect(told).not.toEqual([]);
        expect(told.join("\n")).not.toContain("§");
      }),
    );
  });
});
