import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput, item } from "../../../helpers/operations.js";
import { ACCOUNT, messagesOf, NAME, NUMBER, useRefusals } from "../../../helpers/refusals.js";

const { refused } = useRefusals();

describe("in variables, tells field and expectation and none of the account when", () => {
  const field = "input.refundAccount";
  test.each<[string, unknown, string, RegExp]>([
    [
      "the account number is a number",
      { ...ACCOUNT, accountNumber: Number(NUMBER) },
      `${field}.accountNumber`,
      /String cannot represent a non string value$/u,
    ],
    [
      "the account number is a list",
      { ...ACCOUNT, accountNumber: [NUMBER] },
      `${field}.accountNumber`,
      /String cannot/u,
    ],
    [
      "the account number is an object",
      { ...ACCOUNT, accountNumber: { value: NUMBER } },
      `${field}.accountNumber`,
      /String cannot/u,
    ],
    [
      "the account number is null",
      { ...ACCOUNT, accountNumber: null },
      `${field}.accountNumber`,
      /"String!" not to be null/u,
    ],
    [
      "the account number is missing",
      { ...ACCOUNT, accountNumber: undefined },
      field,
      /Field "accountNumber" of required type "String!" was not provided/u,
    ],
    [
      "the holder's name is a list",
      { ...ACCOUNT, accountHolderName: NAME.split(" ") },
      `${field}.accountHolderName`,
      /String cannot/u,
    ],
    [
      "the holder's name is an object",
      { ...ACCOUNT, accountHolderName: { first: NAME } },
      `${field}.accountHolderName`,
      /String cannot/u,
    ],
    ["the bank code is an object", { ...ACCOUNT, bankCode: ACCOUNT }, `${field}.bankCode`, /String cannot/u],
    [
      "a field is unknown",
      { ...ACCOUNT, iban: NUMBER },
      field,
      /there is a field that RefundAccountInput does not have/u,
    ],
    [
      "the account number is a field's name",
      { [NUMBER]: 1 },
      field,
      /a field that RefundAccountInput does not have/u,
    ],
    [
      "the holder's name is a field's name",
      { ...ACCOUNT, [NAME]: NUMBER },
      field,
      /a field that RefundAccountInput does not have/u,
    ],
    ["the account is a text", NUMBER, field, /Expected type "RefundAccountInput" to be an object/u],
    ["the account is a number", Number(NUMBER), field, /to be an object/u],
    ["the account is a list", [ACCOUNT], field, /to be an object/u],
    ["the account is a list of texts", [NUMBER, NAME], field, /to be an object/u],
  ])("%s", async (_what, refundAccount, path, expectation) => {
    const answer = await refused(CANCEL, { input: cancelInput({ refundAccount }) });
    expect(answer.status).toBe(400);
    expect(answer.errors).toContainEqual({
      message: expect.stringMatching(expectation),
      locations: expect.anything(),
      extensions: { code: "BAD_USER_INPUT", field: path },
    });
    for (const message of messagesOf(answer)) expect(message).toMatch(/^input\.refundAccount[\w.]*: /u);
  });

  test.each<[string, unknown, RegExp]>([
    [
      "the input is the account",
      ACCOUNT,
      /^input: Field "idempotencyKey" of required type "String!" was not provided\.$/u,
    ],
    [
      "the input is a text",
      `${NUMBER} ${NAME}`,
      /^input: Expected type "CancelPaymentInput" to be an object\.$/u,
    ],
    ["the input is a list", [ACCOUNT], /^input: Expected type/u],
    [
      "a sibling of the account is missing",
      { ...cancelInput({ refundAccount: ACCOUNT }), orderNo: undefined },
      /^input: Field "orderNo" of required type "String!"/u,
    ],
    [
      "a sibling of the account is unknown",
      cancelInput({ refundAccount: ACCOUNT, [NUMBER]: NAME }),
      /^input: there is a field that CancelPaymentInput does not have\.$/u,
    ],
    [
      "a sibling's name is misspelt",
      cancelInput({ refundAccount: ACCOUNT, refundAcount: ACCOUNT }),
      /CancelPaymentInput does not have\. Did you mean "refundAccount"\?$/u,
    ],
    [
      "the account is in an item",
      cancelInput({ items: [item(), item({ refundAccount: ACCOUNT })] }),
      /^input\.items\.1: there is a field that CancelItemInput does not have/u,
    ],
    [
      "the account is an item",
      cancelInput({ items: ACCOUNT }),
      /^input\.items: Field "seq" of required type "Int!"/u,
    ],
    [
      "the account is an item's type",
      cancelInput({ items: [item({ itemType: ACCOUNT })] }),
      /^input\.items\.0\.itemType: expected a value of the enum ItemType$/u,
    ],
    [
      "the holder's name is an item's type",
      cancelInput({ items: [item({ itemType: NAME })] }),
      /itemType: expected a value of the enum ItemType\.$/u,
    ],
    [
      "an item's type is misspelt",
      cancelInput({ items: [item({ itemType: "PHISICAL" })] }),
      /enum ItemType\. Did you mean the enum value "PHYSICAL"[^?]*\?$/u,
    ],
    [
      "the account number is a quantity",
      cancelInput({ items: [item({ quantity: NUMBER })] }),
      /^input\.items\.0\.quantity: Int cannot represent non-integer value$/u,
    ],
    [
      "the account number is a large quantity",
      cancelInput({ items: [item({ quantity: Number(`${NUMBER}000`) })] }),
      /quantity: Int cannot represent non 32-bit signed integer value$/u,
    ],
    [
      "the account is an amount",
      cancelInput({ totalCancelAmount: ACCOUNT }),
      /^input\.totalCancelAmount: Decimal expects a decimal such as "1999\.90"$/u,
    ],
    [
      "the holder's name is an amount",
      cancelInput({ totalCancelAmount: NAME }),
      /^input\.totalCancelAmount: Decimal expects/u,
    ],
    [
      "the account is a key",
      cancelInput({ idempotencyKey: ACCOUNT }),
      /^input\.idempotencyKey: String cannot/u,
    ],
  ])("%s", async (_what, input, message) => {
    const answer = await refused(CANCEL, { input });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
    expect(answer.status).toBe(400);
  });

  test("the variable has another name", async () => {
    for (const variables of [{ [NUMBER]: NAME }, { Input: cancelInput({ refundAccount: ACCOUNT }) }]) {
      expect(messagesOf(await refused(CANCEL, variables))).toEqual([
        'Variable "$input" of required type "CancelPaymentInput!" was not provided.',
      ]);
    }
  });

  test.each([
    ["an id", "query ($v: ID!) { cancellation(id: $v) { id } }", /^v: ID expects a string$/u],
    [
      "a time",
      "query ($v: DateTime) { cancellations(filter: { createdFrom: $v }) { totalCount } }",
      /^v: DateTime expects a time such as/u,
    ],
    [
      "a list of states",
      "query ($v: [CancellationStatus!]) { cancellations(filter: { status: $v }) { totalCount } }",
      /^v\.?\d?: expected a value of the enum CancellationStatus/u,
    ],
    [
      "a flag",
      "query ($v: Boolean!) { cancellations @skip(if: $v) { totalCount } }",
      /^v: Boolean cannot represent a non boolean value$/u,
    ],
    ["a page size", "query ($v: Int) { cancellations(first: $v) { totalCount } }", /^v: Int cannot/u],
    ["a cursor", "query ($v: String) { cancellations(after: $v) { totalCount } }", /^v: String cannot/u],
  ])("the account is %s", async (_what, query, message) => {
    expect(messagesOf(await refused(query, { v: ACCOUNT }))).toEqual([expect.stringMatching(message)]);
  });

  test("there are more mistakes than are told", async () => {
    const items = Array.from({ length: 60 }, () => ({ itemId: ACCOUNT }));
    const answer = await refused(CANCEL, { input: cancelInput({ items }) });
    expect(messagesOf(answer)).toContain(
      "Too many errors processing variables, error limit reached. Execution aborted.",
    );
    for (const { extensions } of answer.errors ?? []) expect(extensions.code).toBe("BAD_USER_INPUT");
  });
});
