import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  computeTotals,
  type CancelItem,
  type CancelPaymentInput,
  type RefundAccount,
} from "../../../src/cancellation/model/cancel-request.js";
import { checkRequest } from "../../../src/cancellation/request/check-request.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { MAX_NOTE_LENGTH } from "../../../src/cancellation/model/limits.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import { proseFaults } from "../../../src/cancellation/request/field-rules.js";
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

function itemsOf(count: number): CancelItem[] {
  return Array.from({ length: count }, (_, seq) => cancelItem({ seq }));
}

/** Among them joiners, variation selectors, fillers, a direction mark and blanks that are no space. */
const INVISIBLE = Array.from(
  "\u200B\u200D\u00AD\uFEFF\u2060\uFE0F\u{E0101}\u034F\u3164\u115F\u202E\u00A0\u3000",
);

describe("a request", () => {
  test("is accepted when every rule holds", () => {
    expect(errorsOf({})).toEqual([]);
  });

  test.each<[string, Partial<CancelPaymentInput>, string]>([
    ["a blank after it", { orderNo: "ORD-1 " }, "orderNo: expected no blanks at either end, found some"],
    ["a no-break space", { orderNo: "\u00a01" }, "orderNo: expected no blanks at either end, found some"],
    [
      "a blank before an item id",
      { items: [cancelItem({ itemId: " P1" })] },
      "items.0.itemId: expected no blanks at either end, found some",
    ],
    [
      "a store of 90 000 characters",
      { storeId: "S".repeat(90_000) },
      "storeId: expected 1 to 100 characters, found 90000 characters",
    ],
    [
      "an empty key",
      { idempotencyKey: "" },
      "idempotencyKey: expected 1 to 255 characters, found an empty text",
    ],
    [
      "a key of 300 characters",
      { idempotencyKey: "k".repeat(300) },
      "idempotencyKey: expected 1 to 255 characters, found 300 characters",
    ],
    [
      "a NUL in the order number",
      { orderNo: "A\u0000B" },
      "orderNo: expected readable characters, found a control character or half a character",
    ],
    ["no items", { items: [] }, "items: expected 1 to 500 items, found 0"],
    ["501 items", { items: itemsOf(501) }, "items: expected 1 to 500 items, found 501"],
    [
      "a seq that stands twice",
      { items: [7, 8, 7].map((seq) => cancelItem({ seq })) },
      "items.2.seq: expected a seq no other item has, found that of items.0",
    ],
    [
      "a negative seq",
      { items: [cancelItem({ seq: -1 })] },
      "items.0.seq: expected a whole number from 0 to 2147483647, found another number",
    ],
    [
      "a quantity of zero",
      { items: [cancelItem({ quantity: 0 })] },
      "items.0.quantity: expected a whole number from 1 to 1000000, found another number",
    ],
    [
      "a negative amount",
      { items: [cancelItem(), cancelItem({ seq: 9, amount: new Decimal(-5) })] },
      "items.1.amount: expected zero or more, found less",
    ],
    [
      "a thousandth of a won",
      { items: [cancelItem({ amount: new Decimal("0.001") })] },
      "items.0.amount: expected at most 0 decimal places, as KRW has, found 3",
    ],
    [
      "a tax of a tenth of a won",
      { items: [cancelItem({ taxAmount: new Decimal("0.1") })] },
      "items.0.taxAmount: expected at most 0 decimal places, as KRW has, found 1",
    ],
    [
      "an amount beyond all bounds",
      { totalCancelAmount: new Decimal("1e400") },
      "totalCancelAmount: expected at most 15 digits before the decimal point, found 401",
    ],
    [
      "not a number",
      { totalCancelAmount: new Decimal(Number.NaN) },
      "totalCancelAmount: expected a number, found none",
    ],
    [
      "a total of zero",
      { totalCancelAmount: new Decimal(0) },
      "totalCancelAmount: expected more than zero, found 0",
    ],
    [
      "a long reason",
      { reason: "r".repeat(501) },
      "reason: expected 1 to 500 characters, found 501 characters",
    ],
    [
      "an account number of 3 digits",
      { refundAccount: { accountNumber: "1-2 3" } },
      "refundAccount.accountNumber: expected 4 to 34 letters or digits, found 3 of them",
    ],
    [
      "an account number with a slash",
      { refundAccount: { accountNumber: "1234/5678" } },
      "refundAccount.accountNumber: expected letters and digits, apart from spaces and hyphens, found other characters",
    ],
    [
      "a blank bank code",
      { refundAccount: { accountNumber: "12345678", bankCode: " " } },
      "refundAccount.bankCode: expected 1 to 20 characters, found only blanks",
    ],
    ["an unknown store", { storeId: "XX" }, "storeId: expected a store you can act for, found another"],
    ["another caller's store", { storeId: "US" }, "storeId: expected a store you can act for, found another"],
  ])(
    "with %s is refused, naming the field, what was expected and what was found",
    (_case, changes, message) => {
      expect(errorsOf(changes)).toContain(`input.${message}`);
    },
  );

  test.each(INVISIBLE)("with %j, which nobody sees, in an identifier is refused", (hidden) => {
    const text = `ORD${hidden}1`;
    const told = errorsOf({ orderNo: text, idempotencyKey: text, items: [cancelItem({ itemId: text })] });
    expect(told).toEqual(
      ["idempotencyKey", "orderNo", "itemId"].map((field) => expect.stringContaining(field)),
    );
  });

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

function account(accountNumber: string, accountHolderName: string | null = null): RefundAccount {
  return { accountNumber, bankCode: "001", accountHolderName };
}

const isTaken = (text: string, number: string, holder: string | null = null): boolean =>
  proseFaults("input.reason", text, MAX_NOTE_LENGTH, account(number, holder)).length === 0;

describe("a reason or a note", () => {
  test.each([
    ["refund to 1029384756", "1029384756"],
    ["refund to 1029384756.", "1029-3847-56"],
    ["계좌 1029-3847-56으로 환불", "1029384756"],
    ["P-1029384756", "1029384756"],
    ["1029384756-1", "1029384756"],
    ["1029384756원", "1029 3847 56"],
  ])("%j is refused with the account %s: its number stands in it", (text, number) => {
    const [fault] = proseFaults("input.note", text, MAX_NOTE_LENGTH, account(number));
    expect(fault).toMatchObject({ field: "input.note", found: "that number" });
    expect(JSON.stringify(fault)).not.toContain("1029");
  });

  test.each([
    ["John Doe changed his mind", "1029384756", "John Doe"],
    ["배송 지연", "1029384756", "배송"],
    ["order 91029384756 and 10293847561", "1029384756", null],
    ["the last four are 4756", "1029384756", null],
    ["12345 won", "12345", null],
    ["1029 3847 56", "1029384756", null],
  ])("%j is taken with the account %s of %j", (text, number, holder) => {
    expect(isTaken(text, number, holder)).toBe(true);
  });

  test("is refused with the number in it, whatever that is, and taken without it", () => {
    const numbers = fc.stringMatching(/^[0-9]{6,34}$/u);
    const words = fc.stringMatching(/^[a-z가-힣 .,]{0,40}$/u);
    fc.assert(
      fc.property(numbers, numbers, words, words, (number, other, before, after) => {
        fc.pre(number !== other);
        expect(isTaken(`${before} ${number} ${after}`, number)).toBe(false);
        expect(isTaken(`${before} ${other} ${after}.`, number)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
