import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import { ACCOUNT, literal, messagesOf, NAME, NUMBER, useRefusals } from "../helpers/refusals.js";

const REASON = /^(?:REQUIRED|INVALID_FORMAT)$/u;

const refusals = useRefusals();
const { refused } = refusals;

const DECIMAL = /^This has the wrong form\. Expected: a decimal such as "1999\.90"/u;
const UNKNOWN_FIELD =
  /^There is a field that RefundAccountInput does not have\. Its fields are accountNumber, /u;
const STRING = /^This has the wrong form\. Expected: a string\.$/u;
const NOT_NULL = /^This must not be null\. Expected: a string\.$/u;
const AN_ACCOUNT = /Expected: a value of the type RefundAccountInput\.$/u;
const MISSING = /^Required fields of RefundAccountInput are missing: accountNumber\.$/u;
const ITEM_TYPE = /Expected: one of \w+, \w+/u;
const account = "input.refundAccount";
const number = `${account}.accountNumber`;

describe("an error about variables names the field and what was expected, and quotes nothing:", () => {
  const withAccount = (refundAccount: unknown): object => cancelInput({ refundAccount });
  const withItem = (changes: object): object => cancelInput({ items: [item(), item(changes as never)] });
  test.each<[what: string, input: unknown, field: string, message: RegExp]>([
    ["a number for a text", withAccount({ ...ACCOUNT, accountNumber: Number(NUMBER) }), number, STRING],
    ["an object for a text", withAccount({ ...ACCOUNT, accountNumber: { value: NUMBER } }), number, STRING],
    ["null for a text", withAccount({ ...ACCOUNT, accountNumber: null }), number, NOT_NULL],
    ["a missing field", withAccount({ ...ACCOUNT, accountNumber: undefined }), account, MISSING],
    ["an unknown field", withAccount({ ...ACCOUNT, [NAME]: NUMBER }), account, UNKNOWN_FIELD],
    ["a text for an object", withAccount(NUMBER), account, AN_ACCOUNT],
    ["another object", ACCOUNT, "input", /^Required fields of CancelPaymentInput are missing: .*orderNo/u],
    ["an object for an enum", withItem({ itemType: ACCOUNT }), "input.items.1.itemType", ITEM_TYPE],
    ["an unknown enum value", withItem({ itemType: NAME }), "input.items.1.itemType", ITEM_TYPE],
    ["a text for an Int", withItem({ quantity: NUMBER }), "input.items.1.quantity", /Expected: a whole/u],
    [
      "too large an Int",
      withItem({ quantity: Number(`${NUMBER}00`) }),
      "input.items.1.quantity",
      /Expected: a whole/u,
    ],
    ["a name for a Decimal", cancelInput({ totalCancelAmount: NAME }), "input.totalCancelAmount", DECIMAL],
  ])("%s", async (_what, input, field, message) => {
    const answer = await refused(CANCEL, { input });
    expect(answer.status).toBe(400);
    expect(answer.errors).toContainEqual({
      message: expect.stringMatching(message),
      locations: expect.anything(),
      extensions: { code: "BAD_USER_INPUT", field: field.split("."), reason: expect.stringMatching(REASON) },
    });
  });

  test.each<[type: string, query: string, message: RegExp]>([
    ["an ID", "query ($v: ID!) { cancellation(id: $v) { id } }", STRING],
    [
      "a flag",
      "query ($v: Boolean!) { cancellations @skip(if: $v) { totalCount } }",
      /Expected: true or fal/u,
    ],
    [
      "a time",
      "query ($v: DateTime) { cancellations(filter: { createdFrom: $v }) { totalCount } }",
      /Expected: a time such as/u,
    ],
  ])("an object for %s", async (_type, query, message) => {
    expect(messagesOf(await refused(query, { v: ACCOUNT }))).toEqual([expect.stringMatching(message)]);
  });

  test("a variable that is missing", async () => {
    expect(messagesOf(await refused(CANCEL, { [NUMBER]: NAME }))).toEqual([
      "The variable is missing. Expected: a value of the type CancelPaymentInput.",
    ]);
  });

  test("every place at once", async () => {
    const input = cancelInput({ items: [item({ seq: "1" }), item({ amount: NAME })], orderNo: 7 });
    expect((await refused(CANCEL, { input })).errors?.map(({ extensions }) => extensions.field)).toEqual([
      ["input", "orderNo"],
      ["input", "items", "0", "seq"],
      ["input", "items", "1", "amount"],
    ]);
  });
});

describe("an error about a literal names the field and what was expected, and quotes nothing:", () => {
  const items = (list: string): string => literal("null", `items: ${list}`).replace("items: [], ", "");
  test.each<[what: string, query: string, field: string, message: RegExp]>([
    ["an Int for a text", literal(`{ accountNumber: ${NUMBER} }`), number, STRING],
    ["a name for a text", literal(`{ accountNumber: IBAN${NUMBER} }`), number, STRING],
    ["a list for a text", literal(`{ accountNumber: ["${NUMBER}", "${NAME}"] }`), number, STRING],
    ["null for a text", literal(`{ accountNumber: null }`), number, NOT_NULL],
    ["a missing field", literal(`{ accountHolderName: "${NAME}" }`), account, MISSING],
    ["an unknown field", literal(`{ accountNumber: "1", n${NUMBER}: 1 }`), account, UNKNOWN_FIELD],
    ["a text for an object", literal(`"""\n${NAME}\n${NUMBER}\n"""`), account, AN_ACCOUNT],
    ["an unknown enum value", items("[{ itemType: Quibblewick }]"), "input.items.0.itemType", ITEM_TYPE],
    ["an object for a Decimal", items(`[{ amount: { n: ${NUMBER} } }]`), "input.items.0.amount", DECIMAL],
    [
      "the default of a variable",
      `query ($n: String = ${NUMBER}) { cancellations(after: $n) { totalCount } }`,
      "n",
      STRING,
    ],
    ["a number for an ID", `{ cancellation(id: ${NUMBER}.5) { id } }`, "id", STRING],
    [
      "a name for a time, in a fragment",
      `{ ...f } fragment f on Query { cancellations(filter: { createdFrom: "${NAME}" }) { totalCount } }`,
      "filter.createdFrom",
      /Expected: a time such as/u,
    ],
  ])("%s", async (_what, query, field, message) => {
    const answer = await refused(query);
    expect(answer.status).toBe(400);
    expect(answer.errors).toContainEqual({
      message: expect.stringMatching(message),
      locations: expect.anything(),
      extensions: { code: "GRAPHQL_VALIDATION_FAILED", field: field.split(".") },
    });
  });

  test("one that stops fitting when its variables are filled in", async () => {
    const query = literal(`{ accountNumber: $n, accountHolderName: "${NAME}" }`);
    const answer = await refused(query.replace("mutation", 'mutation ($n: String = "1")'), { n: null });
    expect(answer.errors).toEqual([
      {
        message: "With these variables, this is not a value of the type CancelPaymentInput!.",
        locations: expect.anything(),
        path: ["cancelPayment"],
        extensions: { code: "BAD_USER_INPUT", field: ["input"], reason: "INVALID_FORMAT" },
      },
    ]);
  });
});

test.each([
  ["a text", literal(`{ accountNumber "${NUMBER}" }`)],
  ["a number", literal(`{ accountNumber: 102-${NUMBER} }`)],
  ["a name", literal(`{ accountNumber: "1", accountHolderName: ${NAME} Junior }`)],
  ["a text without its end", literal(`{ accountNumber: "${NUMBER} }`)],
])("a syntax error next to %s tells the place and quotes nothing", async (_what, query) => {
  const answer = await refused(query);
  expect(answer.status).toBe(400);
  expect(answer.errors).toEqual([
    {
      message: expect.stringMatching(/^Syntax error: the document cannot be parsed from here on/u),
      locations: [{ line: expect.any(Number), column: expect.any(Number) }],
      extensions: { code: "GRAPHQL_PARSE_FAILED" },
    },
  ]);
});

test.each([
  [
    "an unknown field",
    "{ cancelations { totalCount } }",
    'Cannot query field "cancelations" on type "Query". Did you mean "cancellations", "cancellation", or "cancellationStats"?',
  ],
  [
    "a missing argument",
    "{ cancellation { id } }",
    'Field "cancellation" argument "id" of type "ID!" is required, but it was not provided.',
  ],
  ["an unknown variable", "{ cancellation(id: $id) { id } }", 'Variable "$id" is not defined.'],
])("an error about %s, which is no value, is that of graphql-js", async (_what, query, message) => {
  const { status, errors } = await refusals.service.graphql(query);
  expect(status).toBe(400);
  expect(errors?.[0]).toMatchObject({ message, extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
});

test("an unknown operation is not quoted", async () => {
  const response = await fetch(`${refusals.service.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "query A { __typename } query B { __typename }", operationName: NAME }),
  });
  const text = await response.text();
  expect(text).toContain("There is no operation of this `operationName`");
  expect(text).not.toContain("Zaphod");
});

test.each(["text/html", "application/json;q=0"])(
  "who takes no JSON but %s is told so before anything is cancelled",
  async (accept) => {
    const answer = await refusals.service.graphql(CANCEL, { input: cancelInput() }, { accept });
    expect(answer.status).toBe(406);
    expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_REQUEST" } }]);
    expect(refusals.service.simulator.ledger.totalReceived).toBe(0);
  },
);

test.each([
  ["application/*", "application/json"],
  ["text/html, application/json;q=0.1", "application/json"],
  ["application/graphql-response+json", "application/graphql-response+json"],
  // As clients in Java ask.
  ["application/json;charset=UTF-8", "application/json"],
  ['application/json; charset="utf-8"; v=1, text/html', "application/json"],
  ["text/html, application/graphql-response+json;charset=UTF-8;q=0.2", "application/graphql-response+json"],
  ["application/json;q=0, */*", "application/graphql-response+json"],
])("who takes %s is answered in %s", async (accept, type) => {
  const { status, headers } = await refusals.service.graphql(PREVIEW, { input: cancelInput() }, { accept });
  expect([status, headers.get("content-type")]).toEqual([200, `${type}; charset=utf-8`]);
});

describe("a user error names the field and what was expected, and quotes nothing:", () => {
  const INT = Number(NUMBER);
  const PIECE = /10293|93847|84756|Zaphod|Quibble|0000-03/u;

  async function faultsOf(query: string, variables: object): Promise<{ field: string; message: string }[]> {
    const { errors, data, text } = await refusals.service.graphql(query, variables);
    const userErrors = data?.cancelPayment?.userErrors ?? data?.cancelPaymentPreview?.userErrors ?? [];
    expect(text).not.toContain("Something went wrong");
    expect(refusals.service.simulator.ledger.totalReceived).toBe(0);
    return [
      ...(errors ?? []).map(({ message, extensions }: any) => ({
        field: extensions.field.join("."),
        message,
      })),
      ...userErrors.map(({ field, message }: any) => ({ field: field.join("."), message })),
    ];
  }

  test.each<[field: string, changes: Record<string, unknown>]>([
    ["input.storeId", { storeId: NAME }],
    ["input.totalCancelAmount", { totalCancelAmount: NUMBER }],
    ["input.expectedCancelledTotal", { expectedCancelledTotal: `-${NUMBER}` }],
    ["input.items.1.seq", { items: [item({ seq: INT }), item({ seq: INT })] }],
    ["input.items.0.quantity", { items: [item({ quantity: INT })] }],
    ["input.items.0.taxAmount", { items: [item({ taxAmount: `0.${NUMBER}` })] }],
    ["input.items.0.itemId", { items: [item({ itemId: ` ${NAME}` })] }],
    ["input.idempotencyKey", { idempotencyKey: ` ${NUMBER}` }],
  ])("%s in %j", async (field, changes) => {
    for (const operation of [CANCEL, PREVIEW]) {
      const faults = await faultsOf(operation, { input: cancelInput(changes) });
      expect(faults.map((fault) => fault.field)).toContain(field);
      for (const { message } of faults) {
        // The path stands beside it.
        expect(message).not.toContain("input");
        expect(message).not.toMatch(PIECE);
      }
    }
  });

  const LIST = `query ($first: Int, $filter: CancellationFilter) {
    cancellations(first: $first, filter: $filter) { edges { cursor } }
  }`;
  const STATS = `query ($timeZone: String) {
    cancellationStats(groupBy: [DAY], timeZone: $timeZone) { count }
  }`;
  const BY_KEY = `query ($storeId: ID) { cancellationByKey(storeId: $storeId, idempotencyKey: "") { id } }`;
  test.each<[field: string, variables: object, query: string]>([
    ["first", { first: INT }, LIST],
    ["filter.amountTo", { filter: { amountFrom: "9999999999", amountTo: NUMBER } }, LIST],
    ["filter.createdFrom", { filter: { createdFrom: "0000-03-08T04:07:05.847Z" } }, LIST],
    ["filter.inDoubtLongerThanSeconds", { filter: { inDoubtLongerThanSeconds: INT } }, LIST],
    ["filter.orderNo", { filter: { orderNo: NUMBER, orderNoPrefix: NAME } }, LIST],
    ["timeZone", { timeZone: NAME }, STATS],
    ["storeId", { storeId: `${NAME}\u0000` }, BY_KEY],
  ])("%s in %j", async (field, variables, query) => {
    const [fault, ...others] = await faultsOf(query, variables);
    expect([fault?.field, others]).toEqual([field, []]);
    expect(fault?.message).not.toMatch(PIECE);
  });
});
