import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type CancelRequest,
  computeTotals,
  lineTotal,
  type RefundAccount,
} from "../../../src/cancellation/model/cancel-request.js";
import { Decimal, sum } from "../../../src/cancellation/model/decimal.js";
import { MAX_NOTE_LENGTH } from "../../../src/cancellation/model/limits.js";
import { AMOUNT_BASES, currencyDecimals } from "../../../src/cancellation/model/store.js";
import { maskRefundAccount, proseFaults } from "../../../src/cancellation/request/field-rules.js";
import { fingerprint, isSameRequest } from "../../../src/cancellation/request/request-fields.js";
import { items } from "../../helpers/arbitraries.js";
import {
  cancelItem,
  cancelRequest,
  PUBLISHED_CANCELS,
  published,
  publishedRequest,
} from "../../helpers/examples.js";

const ACCOUNT = { accountNumber: "1234567890", bankCode: "001", accountHolderName: "John Doe" };

function same(first: CancelRequest, second: CancelRequest): boolean {
  return isSameRequest(second, {
    fingerprint: fingerprint(first),
    refundAccount: first.refundAccount,
    isAccountKnown: true,
  });
}

describe("a repeated request", () => {
  test("is the same with its amounts written otherwise and its items in another order", () => {
    fc.assert(
      fc.property(items(3), (lines) => {
        const rewritten = [...lines].reverse().map((line) => ({
          ...line,
          amount: new Decimal(`${line.amount.toFixed(3)}0`),
          taxAmount: line.taxAmount === null ? null : new Decimal(line.taxAmount.toFixed(4)),
        }));
        expect(same(cancelRequest({ items: lines }), cancelRequest({ items: rewritten }))).toBe(true);
      }),
    );
  });

  test.each<[string, Partial<CancelRequest>]>([
    ["order", { orderNo: "ORD-2" }],
    ["total", { totalCancelAmount: new Decimal(1) }],
    ["reason", { reason: "another" }],
    ["note", { note: "another" }],
    ["seq", { items: [cancelItem({ seq: 2 })] }],
    ["item type", { items: [cancelItem({ itemType: "DIGITAL" })] }],
    ["item id", { items: [cancelItem({ itemId: "other" })] }],
    ["quantity", { items: [cancelItem({ quantity: 2 })] }],
    ["amount", { items: [cancelItem({ amount: new Decimal(999) })] }],
    ["tax", { items: [cancelItem({ taxAmount: new Decimal(77) })] }],
    ["absence of a refund account", { refundAccount: null }],
    ["account number", { refundAccount: { ...ACCOUNT, accountNumber: "1234567891" } }],
    ["bank code", { refundAccount: { ...ACCOUNT, bankCode: null } }],
    ["holder name", { refundAccount: { ...ACCOUNT, accountHolderName: "Jane Doe" } }],
  ])("is another with another %s", (_part, changes) => {
    const first = cancelRequest({ refundAccount: ACCOUNT });
    expect(same(first, { ...first, ...changes })).toBe(false);
  });

  test("is the same with another expectation of what is cancelled already: that is no part of what is asked", () => {
    const first = cancelRequest({ expectedCancelledTotal: new Decimal(0) });
    expect(same(first, { ...first, expectedCancelledTotal: new Decimal(1000) })).toBe(true);
  });

  test("has a fingerprint that says nothing about the refund account, and yet is another with another account", () => {
    const account = fc.record({
      accountNumber: fc.stringMatching(/^[0-9A-Z]{4,34}$/u),
      bankCode: fc.option(fc.string()),
      accountHolderName: fc.option(fc.string()),
    });
    const accounts = fc.option(account);
    fc.assert(
      fc.property(accounts, accounts, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const first = cancelRequest({ refundAccount: one });
        const second = cancelRequest({ refundAccount: other });
        expect(fingerprint(first)).toBe(fingerprint(second));
        expect(fingerprint(first)).toBe(fingerprint(cancelRequest()));
        expect(same(first, second)).toBe(false);
        expect(same(first, { ...first })).toBe(true);
      }),
    );
  });

  test("has the fingerprint that stored rows have: a change of it makes another request of every repeated one", () => {
    expect(fingerprint(cancelRequest())).toBe(
      "v1:b4c072d89a59e6ddf8c2e1f9ebfd8b66586e039ac0619e1c074b9affdf6d7be7",
    );
    const items = [cancelItem({ seq: 5, taxAmount: new Decimal("1.50") }), cancelItem()];
    expect(fingerprint(cancelRequest({ reason: "r", note: "n", items }))).toBe(
      "v1:3f8c6e009ba0a75d6045ade467750ad2e435442f8d798a9c81d40209580d5879",
    );
  });

  test("is recognised by a fingerprint without a version, and another request is refused", () => {
    // As rows of before the version have it for this request.
    const known = {
      fingerprint: "abe98388f9e393332acb781cee32b93b92bce57b62d408a48075f060c15781ad",
      refundAccount: null,
      isAccountKnown: true,
    };
    expect(isSameRequest(cancelRequest(), known)).toBe(true);
    expect(isSameRequest(cancelRequest({ totalCancelAmount: new Decimal("1000.00") }), known)).toBe(true);
    for (const changes of [
      { orderNo: "ORD-2" },
      { note: "another" },
      { items: [cancelItem({ taxAmount: new Decimal(0) })] },
      { refundAccount: ACCOUNT },
    ])
      expect(isSameRequest(cancelRequest(changes), known)).toBe(false);
  });

  test("whose account is no longer known is recognised by its fingerprint alone", () => {
    const first = cancelRequest({ refundAccount: ACCOUNT });
    const known = { fingerprint: fingerprint(first), refundAccount: null, isAccountKnown: false };
    expect(isSameRequest({ ...first, refundAccount: null }, known)).toBe(true);
    expect(isSameRequest({ ...first, note: "another" }, known)).toBe(false);
  });
});

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
    const { total } = computeTotals(publishedRequest("order-unit", "SIM-KR").items, "line");
    expect(total.toFixed()).toBe("56000");
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

  test("splits the total into products and delivery, and into the lines, in any order", () => {
    fc.assert(
      fc.property(items(3), fc.constantFrom(...AMOUNT_BASES), (lines, basis) => {
        const { total, productTotal, deliveryTotal } = computeTotals(lines, basis);
        expect(computeTotals([...lines].reverse(), basis).total.equals(total)).toBe(true);
        expect(productTotal.plus(deliveryTotal).equals(total)).toBe(true);
        expect(sum(lines.map((line) => lineTotal(line, basis))).equals(total)).toBe(true);
      }),
    );
  });

  test("says nothing about a tax that an item does not state", () => {
    const [, ...rest] = publishedRequest("order-unit", "SIM-KR").items;
    const totals = computeTotals([cancelItem({ taxAmount: null }), ...rest], "unit");
    expect(totals.productTax).toBeNull();
    expect(totals.deliveryTax?.toFixed()).toBe("0");
  });

  test("holds 500 items of the largest amounts without rounding", () => {
    const largest = { quantity: 1_000_000, amount: new Decimal("999999999999999.9999") };
    const lines = Array.from({ length: 500 }, (_, seq) => cancelItem({ ...largest, seq }));
    expect(computeTotals(lines, "unit").total.toFixed()).toBe("499999999999999999950000");
  });
});

test.each([
  ["KRW", 0],
  ["USD", 2],
  ["IDR", 2],
  ["KWD", 3],
  ["CLF", 4],
  ["XXZ", undefined],
])("the currency %s has %s decimals in ISO 4217", (code, decimals) => {
  expect(currencyDecimals(code)).toBe(decimals);
});

describe("a masked refund account", () => {
  test.each([
    ["1234567890", "7890"],
    ["12345678", "5678"],
    ["1234567", "567"],
    ["12345", "45"],
    ["1234", "34"],
  ])("of the number %s shows %s: four characters, and never more than half of it", (accountNumber, shown) => {
    const masked = maskRefundAccount({ accountNumber, bankCode: "001", accountHolderName: null });
    expect(masked).toEqual({ bankCode: "001", accountNumberLast4: shown, accountHolderName: null });
  });

  test.each([
    ["John Doe", "J** D**"],
    ["홍길동", "홍**"],
    ["홍 길 동", "홍**"],
    ["山田 太郎", "山**"],
    ["  Jean  de la Cruz ", "J** d** l** C**"],
    ["𠮷田", "𠮷**"],
  ])("of the name %s shows %s", (accountHolderName, shown) => {
    const masked = maskRefundAccount({ accountNumber: "12345678", bankCode: null, accountHolderName });
    expect(masked.accountHolderName).toBe(shown);
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
    expect(fault).toEqual({ kind: "statesAccount", field: "input.note" });
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
