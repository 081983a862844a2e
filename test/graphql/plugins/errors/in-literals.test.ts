import { describe, expect, test } from "@jest/globals";
import { literal, messagesOf, NAME, NUMBER, useRefusals } from "../../../helpers/refusals.js";

const refusals = useRefusals();
const { refused } = refusals;

describe("in the document, tells field and expectation and none of the account when", () => {
  const string = (value: string): string => JSON.stringify(value);
  const number = "input.refundAccount.accountNumber";
  const name = "input.refundAccount.accountHolderName";

  test.each([
    [
      "the account number is an Int",
      literal(`{ accountNumber: ${NUMBER} }`),
      number,
      /String cannot represent a non string value$/u,
    ],
    [
      "the account number is a negative Int",
      literal(`{ accountNumber: -${NUMBER} }`),
      number,
      /String cannot/u,
    ],
    ["the account number is a Float", literal(`{ accountNumber: ${NUMBER}.5e3 }`), number, /String cannot/u],
    ["the account number is a name", literal(`{ accountNumber: IBAN${NUMBER} }`), number, /String cannot/u],
    [
      "the account number is an object",
      literal(`{ accountNumber: { value: "${NUMBER}" } }`),
      number,
      /expected a value of type "String!"|String cannot/u,
    ],
    [
      "the account number is a list",
      literal(`{ accountNumber: ["${NUMBER}", "${NAME}"] }`),
      number,
      /expected a value of type "String!"|String cannot/u,
    ],
    [
      "the account number is null",
      literal(`{ accountNumber: null, accountHolderName: "${NAME}" }`),
      number,
      /expected a value of type "String!"/u,
    ],
    [
      "the holder's name is a name",
      literal(`{ accountNumber: "1", accountHolderName: Quibblewick }`),
      name,
      /String cannot/u,
    ],
    [
      "the holder's name is an object",
      literal(`{ accountNumber: "1", accountHolderName: { a: "${NAME}" } }`),
      name,
      /String/u,
    ],
    [
      "the account number is missing",
      literal(`{ accountHolderName: "${NAME}" }`),
      "input.refundAccount",
      /Field "RefundAccountInput\.accountNumber" of required type "String!" was not provided/u,
    ],
    [
      "the account number is a field's name",
      literal(`{ accountNumber: "1", n${NUMBER}: 1 }`),
      "input.refundAccount",
      /a field that RefundAccountInput does not have/u,
    ],
    [
      "the holder's name is a field's name",
      literal(`{ accountNumber: "1", Quibblewick: "${NUMBER}" }`),
      "input.refundAccount",
      /a field that RefundAccountInput does not have/u,
    ],
    [
      "the account is a text",
      literal(string(NUMBER)),
      "input.refundAccount",
      /expected a value of type "RefundAccountInput"/u,
    ],
    [
      "the account is a block text",
      literal(`"""\n${NAME}\n${NUMBER}\n"""`),
      "input.refundAccount",
      /expected a value of type "RefundAccountInput"/u,
    ],
    [
      "the account is a number",
      literal(NUMBER),
      "input.refundAccount",
      /expected a value of type "RefundAccountInput"/u,
    ],
    [
      "the account is a name",
      literal("Quibblewick"),
      "input.refundAccount",
      /expected a value of type "RefundAccountInput"/u,
    ],
    [
      "the account is in an item",
      literal("null", `items: [{ itemType: Quibblewick }]`).replace("items: [], ", ""),
      "input.items.0.itemType",
      /expected a value of the enum ItemType/u,
    ],
    [
      "the second item's amount is the account number and more",
      literal("null", `items: [{ seq: 1, itemType: DIGITAL }, { amount: { n: ${NUMBER} } }]`).replace(
        "items: [], ",
        "",
      ),
      "input.items.1.amount",
      /Decimal expects/u,
    ],
    [
      "a variable's default is the account number",
      `query ($n: String = ${NUMBER}) { cancellations(after: $n) { totalCount } }`,
      "n",
      /String cannot/u,
    ],
    [
      "a variable's default is the account",
      `mutation ($input: CancelPaymentInput! = { refundAccount: { accountNumber: ${NUMBER} } }) { cancelPayment(input: $input) { replayed } }`,
      `input.refundAccount.accountNumber`,
      /String cannot/u,
    ],
    [
      "a time is the holder's name",
      `{ cancellations(filter: { createdFrom: "${NAME}" }) { totalCount } }`,
      "filter.createdFrom",
      /DateTime expects a time such as/u,
    ],
    [
      "an id is the account number and more",
      `{ cancellation(id: ${NUMBER}.5) { id } }`,
      "id",
      /ID expects a string/u,
    ],
  ])("%s", async (_what, query, field, expectation) => {
    const answer = await refused(query);
    expect(answer.status).toBe(400);
    expect(answer.errors).toContainEqual({
      message: expect.stringMatching(expectation),
      locations: expect.anything(),
      extensions: { code: "GRAPHQL_VALIDATION_FAILED", field },
    });
  });

  test.each([
    [
      "a field stands twice",
      literal(`{ accountNumber: "1", Quibblewick: 1, Quibblewick: 2 }`),
      "The same input field stands twice in one object.",
    ],
    [
      "an unknown variable stands for the holder's name",
      literal(`{ accountNumber: "1", accountHolderName: $Quibblewick }`),
      "A variable is used that the operation does not define.",
    ],
    [
      "an unknown variable stands under an unknown field",
      literal(`{ accountNumber: "1", Zaphod: { a: $Quibblewick } }`),
      "A variable is used that the operation does not define.",
    ],
  ])("%s", async (_what, query, message) => {
    const answer = await refused(query);
    expect(messagesOf(answer)).toContain(message);
    expect(answer.errors?.[0].locations[0].line).toBe(1);
  });

  test("a variable turns out null inside it", async () => {
    const query = literal(
      `{ accountNumber: $n, accountHolderName: "${NAME}", bankCode: "${NUMBER}" }`,
    ).replace("mutation", 'mutation ($n: String = "1")');
    const answer = await refused(query, { n: null });
    expect(answer.errors).toEqual([
      {
        message: "input: not a value of its type once its variables are filled in",
        locations: expect.anything(),
        path: ["cancelPayment"],
        extensions: { code: "BAD_USER_INPUT", field: "input" },
      },
    ]);
  });

  test("an argument turns out null", async () => {
    const query =
      'query ($id: ID = "x", $skip: Boolean = true) { cancellation(id: $id) { id } node(id: "y") @skip(if: $skip) { id } }';
    expect(messagesOf(await refused(query, { id: null }))).toEqual([
      'id: Argument "id" of non-null type "ID!" must not be null.',
    ]);
    expect(messagesOf(await refused(query, { skip: null }))).toEqual([
      'if: Argument "if" of non-null type "Boolean!" must not be null.',
    ]);
  });

  test("the operation's name is not in it", async () => {
    const body = JSON.stringify({
      query: "query A { __typename } query B { __typename }",
      operationName: NAME,
    });
    const response = await fetch(`${refusals.service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await response.text();
    expect(text).toContain("There is no operation of this `operationName`");
    expect(text).not.toContain("Zaphod");
  });
});
