import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { RefundAccount } from "../../../src/cancellation/model/cancel-request.js";
import { proseFaults } from "../../../src/cancellation/request/field-rules.js";
import { maskRefundAccount } from "../../../src/cancellation/request/refund-account.js";
import { MAX_NOTE_LENGTH } from "../../../src/cancellation/model/limits.js";

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
    );
  });
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
