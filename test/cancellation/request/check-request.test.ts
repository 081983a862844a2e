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

const one = (changes: Partial<CancelItem>) => ({ items: [cancelItem(changes)] });
const ofSeqs = (...seqs: number[]) => ({ items: seqs.map((seq) => cancelItem({ seq })) });
const total = (text: string) => ({ totalCancelAmount: new Decimal(text) });
const to = (accountNumber: string, bankCode: string | null = null) => ({
  refundAccount: { accountNumber, bankCode },
});
const LETTERS = "letters and digits";

/** Among them joiners, variation selectors, fillers, a direction mark and blanks that are no space. */
const INVISIBLE = Array.from(
  "\u200B\u200D\u00AD\uFEFF\u2060\uFE0F\u{E0101}\u034F\u3164\u115F\u202E\u00A0\u3000",
);

describe("a request", () => {
  test("is accepted when every rule holds", () => {
    expect(errorsOf({})).toEqual([]);
  });

  test.each<[Partial<CancelPaymentInput>, field: string, expected: string, found: string]>([
    [{ orderNo: "ORD-1 " }, "orderNo", "no blanks at either end", "some"],
    [{ orderNo: "\u00a01" }, "orderNo", "no blanks at either end", "some"],
    [one({ itemId: " P1" }), "items.0.itemId", "no blanks at either end", "some"],
    [{ storeId: "S".repeat(90_000) }, "storeId", "1 to 100 characters", "90000 characters"],
    [{ storeId: "XX" }, "storeId", "a store you can act for", "another"],
    [{ storeId: "US" }, "storeId", "a store you can act for", "another"],
    [{ idempotencyKey: "" }, "idempotencyKey", "1 to 255 characters", "an empty text"],
    [{ idempotencyKey: "k".repeat(300) }, "idempotencyKey", "1 to 255 characters", "300 characters"],
    [{ orderNo: "A\u0000B" }, "orderNo", "readable characters", "a control character or half a character"],
    [ofSeqs(), "items", "1 to 500 items", "0"],
    [ofSeqs(...Array(501).keys()), "items", "1 to 500 items", "501"],
    [ofSeqs(7, 8, 7), "items.2.seq", "a seq no other item has", "that of items.0"],
    [ofSeqs(-1), "items.0.seq", "a whole number from 0 to 2147483647", "another number"],
    [one({ quantity: 0 }), "items.0.quantity", "a whole number from 1 to 1000000", "another number"],
    [one({ amount: new Decimal(-5) }), "items.0.amount", "zero or more", "less"],
    [one({ amount: new Decimal("0.001") }), "items.0.amount", "at most 0 decimal places, as KRW has", "3"],
    [
      one({ taxAmount: new Decimal("0.1") }),
      "items.0.taxAmount",
      "at most 0 decimal places, as KRW has",
      "1",
    ],
    [total("1e400"), "totalCancelAmount", "at most 15 digits before the decimal point", "401"],
    [total("NaN"), "totalCancelAmount", "a number", "none"],
    [total("0"), "totalCancelAmount", "more than zero", "0"],
    [{ reason: "r".repeat(501) }, "reason", "1 to 500 characters", "501 characters"],
    [to("1-2 3"), "refundAccount.accountNumber", "4 to 34 letters or digits", "3 of them"],
    [
      to("12/345"),
      "refundAccount.accountNumber",
      `${LETTERS}, apart from spaces and hyphens`,
      "other characters",
    ],
    [to("12345678", " "), "refundAccount.bankCode", "1 to 20 characters", "only blanks"],
  ])(
    "is refused with the field, what was expected, and what was found: %2$s, %3$s, %4$s",
    (changes, field, expected, found) => {
      expect(errorsOf(changes)).toContain(`input.${field}: expected ${expected}, found ${found}`);
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
    expect(errorsOf({ idempotencyKey: "", orderNo: "", ...one({ quantity: 0 }) })).toHaveLength(3);
  });

  test("without a store is refused when the caller can act for several", () => {
    const checked = checkRequest(input(), callerOf("KR", "US"), STORES);
    const message = "input.storeId: expected one of your stores, found nothing";
    expect(checked).toMatchObject({
      ok: false,
      errors: [{ code: "INVALID_INPUT", field: "input.storeId", message }],
    });
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
    const checked = checkRequest(input(total("999")), CALLER, STORES);
    const message = expect.stringContaining("the sum of quantity × amount over all items, which is 1000");
    expect(checked).toMatchObject({
      ok: false,
      errors: [{ code: "AMOUNT_MISMATCH", field: "input.totalCancelAmount", message }],
    });
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
        const { total: computed } = computeTotals(lines, "unit");
        fc.pre(computed.greaterThan(1));
        const totalCancelAmount = computed.plus(new Decimal(off.toString()).dividedBy(100));
        const { ok } = checkRequest(input({ items: lines, totalCancelAmount }), CALLER, stores);
        expect(ok).toBe(off === 0n);
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
