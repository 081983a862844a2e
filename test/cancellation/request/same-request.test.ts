import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CancelRequest } from "../../../src/cancellation/model/cancel-request.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { fingerprint, isSameRequest } from "../../../src/cancellation/request/same-request.js";
import { items } from "../../helpers/arbitraries.js";
import { cancelItem, cancelRequest } from "../../helpers/examples.js";

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

  test("takes 1.0 and 1.00 for the same total", () => {
    const [one, other] = ["1.0", "1.00"].map((text) =>
      cancelRequest({ totalCancelAmount: new Decimal(text) }),
    );
    expect(one !== undefined && other !== undefined && same(one, other)).toBe(true);
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
        const [first, second] = [one, other].map((refundAccount) => cancelRequest({ refundAccount }));
        if (first === undefined || second === undefined) throw new Error("there are two requests");
        expect(fingerprint(first)).toBe(fingerprint(second));
        expect(fingerprint(first)).toBe(fingerprint(cancelRequest()));
        expect(same(first, second)).toBe(false);
        expect(same(first, { ...first })).toBe(true);
      }),
    );
  });

  test("has a fingerprint that begins with its version", () => {
    expect(fingerprint(cancelRequest())).toMatch(/^v1:[0-9a-f]{64}$/u);
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
