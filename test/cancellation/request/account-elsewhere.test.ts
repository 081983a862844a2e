import { describe, expect, test } from "@jest/globals";
import type { CancelPaymentInput, RefundAccount } from "../../../src/cancellation/request/cancel-request.js";
import { checkRequest } from "../../../src/cancellation/request/check-request.js";
import { Decimal } from "../../../src/cancellation/decimal.js";
import type { Store } from "../../../src/cancellation/store.js";
import { callerOf, cancelItem, cancelRequest } from "../../helpers/examples.js";

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

  test.each<[string, string, Partial<CancelPaymentInput>]>([
    ["an order number that holds a phone number", "010-1234-5678", { orderNo: "ORD01012345678" }],
    [
      "an item whose number holds it",
      "010-1234-5678",
      { items: [cancelItem({ itemId: "SKU-01012345678-A" })] },
    ],
    ["a key with its seven digits", "1224001", { idempotencyKey: "ORD20251224001-1" }],
  ])("is accepted with %s, which its caller has not chosen", (_what, accountNumber, changes) => {
    const refundAccount: RefundAccount = { accountNumber, bankCode: "001", accountHolderName: null };
    expect(errorsOf({ refundAccount, ...changes })).toEqual([]);
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

  const LONG = "Zaphod Quibblewick ".repeat(3_500);

  test.each<[string, Partial<RefundAccount>, string]>([
    ["a holder of many words", { accountHolderName: LONG }, "accountHolderName"],
    ["a number of many digits", { accountNumber: "1029384756".repeat(6_600) }, "accountNumber"],
    ["a number in a fill of blanks", { accountNumber: `102938475610${" ".repeat(60_000)}` }, "accountNumber"],
    ["a bank code of many words", { bankCode: LONG }, "bankCode"],
  ])("with %s as its account is told of that alone: nothing is looked for", (_what, changes, field) => {
    const refundAccount = { ...ACCOUNT, ...changes };
    for (const more of [{}, { storeId: "102938475610" }, { storeId: LONG }]) {
      const looked = { idempotencyKey: "", note: `to ${ACCOUNT.accountNumber}`, ...more, refundAccount };
      const told = errorsOf(looked);
      expect(told).toEqual([expect.stringContaining(`input.refundAccount.${field}: expected `)]);
      expect(told.join("")).not.toMatch(/1029|zaphod/iu);
    }
  });

  test("with texts beyond their limits is told of their lengths: they are not searched", () => {
    const long = `102938475610 ${LONG}`;
    const items = [cancelItem({ itemId: long })];
    const told = errorsOf({
      refundAccount: ACCOUNT,
      idempotencyKey: long,
      orderNo: long,
      reason: long,
      note: long,
      items,
    });
    expect(told).toHaveLength(5);
    for (const message of told) expect(message).toMatch(/characters, found 66513 characters$/u);
    expect(errorsOf({ refundAccount: ACCOUNT, storeId: long })).toEqual([
      "input.storeId: expected 1 to 100 characters, found 66513 characters",
    ]);
  });

  test("with more items than there may be is told so: they are not searched", () => {
    const items = Array.from({ length: 501 }, (_, seq) => cancelItem({ seq, itemId: "102938475610" }));
    expect(errorsOf({ refundAccount: ACCOUNT, items, totalCancelAmount: new Decimal(501_000) })).toEqual([
      "input.items: expected 1 to 500 items, found 501",
    ]);
  });

  test("with an account that is faulty names the store all the same, if it can be told", () => {
    const refundAccount = { ...ACCOUNT, accountNumber: "12" };
    expect(checkRequest(input({ refundAccount }), CALLER, STORES).store).toEqual(KRW);
    expect(checkRequest(input({ refundAccount, storeId: "XX" }), CALLER, STORES).store).toBeNull();
  });

  test.each([
    "Customer asked for a refund to the account given, total 12,500 KRW, order ORD-20251029-3847",
    "Zaphod said that Mr. Quibblewick will call back",
    "refund for order 10293847 of 2025-10-29, call 010-2938-4756",
    "고객님 요청으로 부분 취소, 5610원 배송비 제외",
    "see ticket https://desk.example/t/56100293 and quibblewick.example",
  ])("with an ordinary note is accepted: %s", (note) => {
    expect(errorsOf({ refundAccount: ACCOUNT, note, reason: note })).toEqual([]);
    const korean = { accountNumber: "110-123-456789", bankCode: "088", accountHolderName: "홍길동" };
    expect(errorsOf({ refundAccount: korean, note, reason: note })).toEqual([]);
  });
});
