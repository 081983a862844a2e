import { describe, expect, test } from "@jest/globals";
import { currencyDecimals } from "../../../src/cancellation/model/store.js";
import { maskRefundAccount } from "../../../src/cancellation/request/refund-account.js";
import { assertCanMove, CANCELLATION_STATUSES } from "../../../src/cancellation/model/status.js";

describe("a refund account, shown", () => {
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
    ["  Jean  de la Cruz ", "J** d** l** C**"],
    ["𠮷田", "𠮷**"],
  ])("of the name %s shows %s", (accountHolderName, shown) => {
    const masked = maskRefundAccount({ accountNumber: "12345678", bankCode: null, accountHolderName });
    expect(masked.accountHolderName).toBe(shown);
  });
});

describe("a currency", () => {
  test.each([
    ["KRW", 0],
    ["JPY", 0],
    ["USD", 2],
    ["IDR", 2],
    ["KWD", 3],
    ["CLF", 4],
    ["XXZ", undefined],
  ])("%s has %s decimals in ISO 4217", (code, decimals) => {
    expect(currencyDecimals(code)).toBe(decimals);
  });
});

describe("a cancellation", () => {
  const allowed = [
    "PENDING SUCCEEDED",
    "PENDING FAILED",
    "PENDING UNKNOWN",
    "UNKNOWN SUCCEEDED",
    "UNKNOWN FAILED",
  ];
  const pairs = CANCELLATION_STATUSES.flatMap((from) =>
    CANCELLATION_STATUSES.map((to) => [from, to] as const),
  );

  test.each(pairs)("moves from %s to %s only if the table says so", (from, to) => {
    const move = (): void => {
      assertCanMove(from, to);
    };
    if (allowed.includes(`${from} ${to}`)) expect(move).not.toThrow();
    else expect(move).toThrow(`a cancellation cannot move from ${from} to ${to}`);
  });
});
