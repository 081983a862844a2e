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

test("refuses a body of more than 100 kB with 413 and a JSON error", async () => {
  const { status, body, headers } = await post(
    JSON.stringify({ query: `{ __typename } #${"x".repeat(100_000)}` }),
  );
  expect(status).toBe(413);
  expect(headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/u);
  expect(body).toEqual({
    errors: [
      { message: "The request body is larger than 100000 bytes.", extensions: { code: "PAYLOAD_TOO_LARGE" } },
    ],
  });
});

test("takes the largest request there is, 500 items", async () => {
  const items = Array.from({ length: 500 }, (_, seq) => item({ seq, itemId: `${"i".repeat(40)}${seq}` }));
  const text = bodyWithTotal("500000", { items, note: "n".repeat(2000) });
  const { status, body } = await post(text);
  expect(status).toBe(200);
  expect(body.data.cancelPayment).toMatchObject({ cancellation: { status: "SUCCEEDED" }, userErrors: [] });
});

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
        extensions: { code: "BAD_USER_INPUT", field: ["input", "totalCancelAmount"] },
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
    expect(body.errors[0].extensions).toEqual({ code: "BAD_USER_INPUT", field });
  });
});

test("refuses a body that is not sent as JSON", async () => {
  const before = service.simulator.ledger.totalReceived;
  for (const [contentType, status, message] of [
    ["text/plain; charset=utf-8", 400, /Cross-Site Request Forgery/u],
    ["application/x-www-form-urlencoded", 415, /^This content type is not accepted/u],
    ["multipart/form-data; boundary=x", 415, /^This content type is not accepted/u],
    ["json", 415, /^This content type is not accepted/u],
  ] as const) {
    const answer = await post(bodyWithTotal("1000", { refundAccount: ACCOUNT }), contentType);
    expect(answer.status).toBe(status);
    expect(answer.body.errors).toEqual([
      { message: expect.stringMatching(message), extensions: { code: "BAD_REQUEST" } },
    ]);
    expect(answer.text).not.toMatch(PIECE_OF_ACCOUNT);
  }
  const body = new TextEncoder().encode(bodyWithTotal("1000"));
  const { status } = await fetch(`${service.url}/graphql`, { method: "POST", body });
  expect([400, 415]).toContain(status);
  expect(service.simulator.ledger.totalReceived).toBe(before);
});
