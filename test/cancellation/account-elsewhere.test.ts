import { describe, expect, test } from "@jest/globals";
import type { CancelPaymentInput } from "../../src/cancellation/cancel-request.js";
import { checkRequest } from "../../src/cancellation/check-request.js";
import { Decimal } from "../../src/cancellation/decimal.js";
import type { Store } from "../../src/cancellation/store.js";
import { callerOf, cancelItem, cancelRequest } from "../helpers/examples.js";

const KRW: Store = { id: "KR", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" };
const STORES = new Map([["KR", KRW]]);
const CALLER = callerOf("KR");

function input(changes: Partial<CancelPaymentInput> = {}): CancelPaymentInput {
  return { ...cancelRequest(), storeId: null, ...changes };
}

function errorsOf(changes: Partial<CancelPaymentInput>): string[] {
  const checked = checkRequest(input(changes), CALLER, STORES);
  return checked.ok ? [] : checked.errors.map(({ message }) => message);
}

describe("a request", () => {
  const ACCOUNT = {
    accountNumber: "1029-3847-5610",
    bankCode: "001",
    accountHolderName: "Zaphod Quibblewick",
  };

  test.each<[string, Partial<CancelPaymentInput>, string]>([
    ["the number in the key", { idempotencyKey: "refund-102938475610" }, "input.idempotencyKey"],
    ["the number as the order number", { orderNo: "1029 3847 5610" }, "input.orderNo"],
    ["the holder in the order number", { orderNo: "zaphod_quibblewick-1" }, "input.orderNo"],
    [
      "the number as an item id",
      { items: [cancelItem(), cancelItem({ seq: 2, itemId: "102938475610" })] },
      "input.items.1.itemId",
    ],
    ["the number as a total", { totalCancelAmount: new Decimal("102938475610") }, "input.totalCancelAmount"],
    [
      "the number as what is cancelled",
      { expectedCancelledTotal: new Decimal("102938475610") },
      "input.expectedCancelledTotal",
    ],
    [
      "the number as an amount",
      { items: [cancelItem({ amount: new Decimal("102938475610") })] },
      "input.items.0.amount",
    ],
    [
      "the number as a quantity",
      { items: [cancelItem({ quantity: 102_938_475_610 })] },
      "input.items.0.quantity",
    ],
    ["the number in the reason", { reason: "pay to 1029.3847.5610 please" }, "input.reason"],
    ["the holder in the reason", { reason: "asked by Quibblewick, Zaphod" }, "input.reason"],
    ["the number in the note", { note: "first\n１０２９３８４７５６１０" }, "input.note"],
    [
      "the number as the bank code",
      { refundAccount: { ...ACCOUNT, bankCode: "102938475610" } },
      "input.refundAccount.bankCode",
    ],
    [
      "the holder as the bank code",
      { refundAccount: { ...ACCOUNT, bankCode: "Zaphod Quibblewick" } },
      "input.refundAccount.bankCode",
    ],
    ["the number as the store", { storeId: "102938475610" }, "input.storeId"],
  ])("with %s is refused: it would be kept in the open; and it is not quoted", (_what, changes, field) => {
    const checked = checkRequest(input({ refundAccount: ACCOUNT, ...changes }), CALLER, STORES);
    const errors = checked.ok ? [] : checked.errors;
    expect(errors.filter((error) => error.field === field)).toEqual([
      {
        kind: "InvalidInput",
        field,
        message: `${field}: expected no refund account: it belongs in input.refundAccount alone, found the account's number or holder`,
      },
    ]);
    expect(JSON.stringify(errors)).not.toMatch(/1029|5610|１０|zaphod|quibble/iu);
  });

  test("is accepted with an account that nothing else of it gives away", () => {
    const told = {
      reason: "the last four are 5610",
      note: "Zaphod called about order 1029-38",
      refundAccount: ACCOUNT,
    };
    expect(errorsOf(told)).toEqual([]);
    expect(errorsOf({ ...told, refundAccount: null, note: "102938475610" })).toEqual([]);
  });

  test("with an amount beyond all bounds and an account is told so, and does not fill the memory", () => {
    expect(errorsOf({ refundAccount: ACCOUNT, totalCancelAmount: new Decimal("1e9000000000000") })).toEqual([
      expect.stringContaining("at most 15 digits before the decimal point"),
    ]);
  });

  test("with a name in the place of the account number is refused: the last four of a number are shown", () => {
    const refundAccount = { accountNumber: "Zaphod Quibblewick", bankCode: null, accountHolderName: null };
    expect(errorsOf({ refundAccount })).toEqual([
      "input.refundAccount.accountNumber: expected at least one digit, found letters only",
    ]);
  });
});
