import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput, item } from "../helpers/operations.js";
import { ACCOUNT, PIECE_OF_ACCOUNT } from "../helpers/refusals.js";
import { useService } from "../helpers/service.js";

const service = useService();

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: any;
  readonly headers: Headers;
}

async function post(body: string | Uint8Array, contentType = "application/json"): Promise<Answer> {
  const headers = { "content-type": contentType };
  const response = await fetch(`${service.url}/graphql`, { method: "POST", headers, body });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text), headers: response.headers };
}

/** A request to cancel whose total is written into the body as it is given. */
function bodyWithTotal(total: string, changes: Record<string, unknown> = {}): string {
  const input = cancelInput({ totalCancelAmount: "TOTAL", ...changes });
  return JSON.stringify({ query: CANCEL, variables: { input } }).replaceAll('"TOTAL"', total);
}

test("refuses a body of more than 1 MB with 413 and a JSON error", async () => {
  const { status, body, headers } = await post(
    JSON.stringify({ query: `{ __typename } #${"x".repeat(1_000_000)}` }),
  );
  expect(status).toBe(413);
  expect(headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/u);
  expect(body).toEqual({
    errors: [
      {
        message: "The request body is larger than 1000000 bytes.",
        extensions: { code: "PAYLOAD_TOO_LARGE" },
      },
    ],
  });
});

/** JSON as some clients write it, with nothing but ASCII. */
function inAscii(json: string): string {
  return json.replaceAll(
    /[^\x20-\x7e]/gu,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

test.each([
  ["in UTF-8", (json: string): string => json],
  ["with each character escaped", inAscii],
])(
  "cancels the largest request there is, 500 items with ids of 100 characters in Hangul, %s",
  async (_how, written) => {
    const items = Array.from({ length: 500 }, (_, seq) =>
      item({ seq, itemId: `상품${seq}`.padEnd(100, "가") }),
    );
    const text = written(bodyWithTotal("500000", { items, note: "노".repeat(2000) }));
    const { status, body } = await post(text);
    expect(Buffer.byteLength(text)).toBeGreaterThan(200_000);
    expect([status, body.errors]).toEqual([200, undefined]);
    const { cancellation, userErrors } = body.data.cancelPayment;
    expect([cancellation.status, userErrors]).toEqual(["SUCCEEDED", []]);
    expect(cancellation.items.map(({ itemId }: any) => itemId)).toEqual(items.map(({ itemId }) => itemId));
  },
);

describe("refuses with 400, and without quoting it,", () => {
  const account = JSON.stringify(ACCOUNT);
  const input = JSON.stringify(cancelInput({ refundAccount: ACCOUNT }));
  const query = JSON.stringify(CANCEL);

  test.each([
    ["a body that is no JSON", `refundAccount=${account}`],
    ["a body that breaks off", `{"query":${query},"variables":{"input":{"refundAccount":${account}`],
    ["a word for the account number", account.replace('"1029384756"', "x1029384756")],
    ["a control character in a text", account.replace("Zaphod", "Zaphod\u0001")],
    ["an empty body", ""],
    [
      "a key twice with numbers that differ past what a double holds",
      '{"a":12345678901234567890,"a":12345678901234567891}',
    ],
    [
      "the same key twice",
      `{"query":${query},"variables":{"input":{"refundAccount":${account},"refundAccount":{"accountNumber":"1"}}}}`,
    ],
    ["a body nested too deep", `{"variables":${"[".repeat(49_900)}${"]".repeat(49_900)}}`],
  ])("%s", async (_what, text) => {
    const answer = await post(text);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([
      {
        message: expect.stringContaining("not valid JSON, has the same key twice"),
        extensions: { code: "BAD_REQUEST" },
      },
    ]);
    expect(answer.text).not.toMatch(PIECE_OF_ACCOUNT);
    expect(answer.headers.get("x-request-id")).not.toBeNull();
  });

  test.each([
    ["a key that would replace an object's prototype", `{"variables":{"__proto__":{"input":${input}}}}`],
    ["the same deep inside, spelt otherwise", `{"query":[{"\\u005f_proto__":${account}}]}`],
  ])("%s", async (_what, text) => {
    const answer = await post(text);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].message).toBe("The request body has a key named __proto__.");
    expect(answer.text).not.toMatch(PIECE_OF_ACCOUNT);
  });

  test.each([
    ["a list", "[]"],
    ["a text", '"{ __typename }"'],
    ["a number", "12345678901234567890"],
    ["no query", `{"variables":{"input":${input}}}`],
    ["a query that is no text", `{"query":${account}}`],
    ["variables that are no object", `{"query":${query},"variables":[${account}]}`],
    ["variables as text", `{"query":${query},"variables":${JSON.stringify(account)}}`],
  ])("%s for a GraphQL request", async (_what, text) => {
    const answer = await post(text);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([
      { message: expect.any(String), extensions: { code: "BAD_REQUEST" } },
    ]);
    expect(answer.text).not.toMatch(PIECE_OF_ACCOUNT);
  });
});

test("takes the same key twice with the same value for what it says", async () => {
  expect((await post('{"query":"{ __typename }","query":"{ __typename }"}')).body).toMatchObject({
    data: { __typename: "Query" },
  });
});

test.each(["query", "mutation"])(
  "answers a %s nested deeper than it can be checked, and lives on",
  async (kind) => {
    for (const [open, close] of [
      ["[", "]"],
      ["{a:", "}"],
    ] as const) {
      const depth = Math.floor(90_000 / (open.length + close.length));
      const value = `${open.repeat(depth)}1${close.repeat(depth)}`;
      const { body } = await post(JSON.stringify({ query: `${kind} { cancellation(id: ${value}) { id } }` }));
      expect(body.errors.length).toBeGreaterThan(0);
      expect(JSON.stringify(body)).not.toMatch(/call stack/u);
    }
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  },
);

describe("a JSON number for an amount", () => {
  test.each(["1000.0", "1e3", "10.0E+2"])("is taken exactly when a double holds it: %s", async (number) => {
    const { body } = await post(bodyWithTotal(number));
    expect(body.data.cancelPayment).toMatchObject({
      cancellation: { status: "SUCCEEDED", totalCancelAmount: "1000" },
      userErrors: [],
    });
  });

  test("is taken as written and not as the nearest double: 0.1", async () => {
    const { body } = await post(bodyWithTotal("0.1", { items: [item({ amount: "0.1", quantity: 3 })] }));
    expect(body.data.cancelPayment.userErrors).toContainEqual(
      expect.objectContaining({
        field: ["input", "totalCancelAmount"],
        reason: "TOO_MANY_DECIMALS",
        message: "KRW has no decimal places.",
      }),
    );
  });

  test.each([
    "12345678901234567",
    "1000.00000000000000001",
    "0.1000000000000000055511151231257827",
    "1e400",
    "1e22",
  ])("is refused, by its field, when a double would round it: %s", async (number) => {
    const before = service.simulator.ledger.totalReceived;
    const { status, body } = await post(bodyWithTotal(number, { orderNo: "rounded" }));
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      {
        message: expect.stringMatching(/as a string if a JSON number could not hold it exactly/u),
        locations: expect.anything(),
        extensions: {
          code: "BAD_USER_INPUT",
          field: ["input", "totalCancelAmount"],
          reason: "INVALID_FORMAT",
        },
      },
    ]);
    expect(service.simulator.ledger.totalReceived).toBe(before);
    expect(await service.sql("SELECT 1 FROM cancellation WHERE order_no = 'rounded'")).toEqual([]);
  });

  test("names the item too", async () => {
    const text = bodyWithTotal('"1000"', { items: [item(), item({ amount: "AMOUNT" })] }).replace(
      '"AMOUNT"',
      "0.30000000000000004441",
    );
    const { body } = await post(text);
    const field = ["input", "items", "1", "amount"];
    expect(body.errors[0].extensions).toMatchObject({ code: "BAD_USER_INPUT", field });
  });
});

test("refuses a body that is not sent as JSON", async () => {
  const before = service.simulator.ledger.totalReceived;
  for (const contentType of [
    "text/plain",
    "text/plain; charset=utf-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/graphql",
    "text/plain, application/json",
    "json",
  ]) {
    const answer = await post(bodyWithTotal("1000", { refundAccount: ACCOUNT }), contentType);
    expect(answer.status).toBe(415);
    const message = "The body must be JSON: send it as `content-type: application/json`.";
    expect(answer.body.errors).toEqual([{ message, extensions: { code: "BAD_REQUEST" } }]);
    expect(answer.text).not.toMatch(PIECE_OF_ACCOUNT);
  }
  const body = new TextEncoder().encode(bodyWithTotal("1000"));
  // Without any type.
  const { status } = await fetch(`${service.url}/graphql`, { method: "POST", body });
  expect(status).toBe(415);
  expect(service.simulator.ledger.totalReceived).toBe(before);
});
