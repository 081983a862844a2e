import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { SCOPES, type Scope } from "../../src/cancellation/model/caller.js";
import { AUDIENCE, ISSUER, secondsFromNow, startIdentity } from "../helpers/identity.js";
import { tryRefresh, tryResolve } from "../helpers/in-doubt.js";
import { cancel, CANCEL, cancelInput } from "../helpers/operations.js";
import { raw } from "../helpers/raw-http.js";
import type { GraphQLAnswer } from "../helpers/service.js";
import { useTwoStores } from "../helpers/two-stores.js";

const BY_KEY = `query ($storeId: ID, $key: String!) { cancellationByKey(storeId: $storeId, idempotencyKey: $key) { id } }`;
const BY_ID = "query ($id: ID!) { cancellation(id: $id) { id } node(id: $id) { id } }";
const HISTORY =
  "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount edges { node { id } } } }";
const ORDER =
  "query ($storeId: ID, $orderNo: String!) { order(storeId: $storeId, orderNo: $orderNo) { storeId } }";
const COUNT = "{ cancellations { totalCount } }";

const fixture = useTwoStores();

type Headers = Record<string, string>;
const bearer = (stores: readonly string[], claims: object = {}): Promise<Headers> =>
  fixture.bearer("user-1", stores, claims);
const graphql = (query: string, variables: object, headers: Headers): Promise<GraphQLAnswer> =>
  fixture.service.graphql(query, variables, headers);

describe("a call is answered 401 with UNAUTHENTICATED, and does nothing, with", () => {
  test.each<[string, () => Promise<Headers>]>([
    ["no token", () => Promise.resolve({})],
    ["an expired token", () => bearer(["SIM-KR"], { exp: secondsFromNow(-60) })],
    ["garbage", () => Promise.resolve({ authorization: "Bearer garbage" })],
  ])("%s", async (_what, headers) => {
    const { ledger } = fixture.service.simulator;
    const before = ledger.totalReceived;
    const answer = await graphql(CANCEL, { input: cancelInput() }, await headers());
    expect(answer.status).toBe(401);
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toEqual([
      { message: expect.stringContaining("Authorization: Bearer"), extensions: { code: "UNAUTHENTICATED" } },
    ]);
    expect(answer.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/u);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/u);
    expect(ledger.totalReceived).toBe(before);
  });
});

test("the Authorization header may not come twice: a proxy may have checked the other one", async () => {
  const { authorization = "" } = await fixture.bearer();
  expect(await statusWith([authorization])).toBe(200);
  for (const both of [
    [authorization, "Bearer garbage"],
    ["Bearer garbage", authorization],
    [authorization, authorization],
  ])
    expect(await statusWith(both)).toBe(401);
});

test("a caller of one store may leave out the store, and is recorded as the one who asked", async () => {
  const headers = await fixture.bearer("operator-7", ["SIM-KR"]);
  const input = cancelInput();
  const { cancellation, userErrors } = await cancel(fixture.service, input, headers);
  expect(userErrors).toEqual([]);
  expect(cancellation).toMatchObject({ storeId: "SIM-KR", requestedBy: "operator-7" });
  const { data } = await graphql(BY_KEY, { key: input["idempotencyKey"] }, headers);
  expect(data.cancellationByKey).toEqual({ id: cancellation.id });
  const order = await graphql(ORDER, { orderNo: input["orderNo"] }, headers);
  expect(order.data.order).toEqual({ storeId: "SIM-KR" });
});

test("a caller of several stores must name one", async () => {
  const headers = await bearer(["SIM-KR", "SIM-TWO"]);
  const { userErrors } = await cancel(fixture.service, cancelInput(), headers);
  expect(userErrors).toEqual([
    expect.objectContaining({ code: "INVALID_INPUT", field: ["input", "storeId"] }),
  ]);
  const { errors } = await graphql(BY_KEY, { key: "k" }, headers);
  expect(errors?.[0]).toMatchObject({
    message: "Choose a store: you can act for several, or for none.",
    extensions: { code: "BAD_USER_INPUT", field: ["storeId"], reason: "REQUIRED" },
  });
  expect(await cancel(fixture.service, cancelInput({ storeId: "SIM-TWO" }), headers)).toMatchObject({
    cancellation: { storeId: "SIM-TWO", status: "SUCCEEDED" },
  });
});

test("a caller of no store finds nothing and can do nothing", async () => {
  const headers = await bearer([]);
  const { data } = await graphql(HISTORY, {}, headers);
  expect(data.cancellations).toEqual({ totalCount: 0, edges: [] });
  expect((await graphql(BY_ID, { id: randomUUID() }, headers)).data.cancellation).toBeNull();
  const { userErrors } = await cancel(fixture.service, cancelInput(), headers);
  expect(userErrors).toEqual([
    expect.objectContaining({ code: "INVALID_INPUT", field: ["input", "storeId"] }),
  ]);
});

/** Without the records of others, which only who may read is shown. */
const PREVIEW_BLINDLY = `query ($input: CancelPaymentInput!) {
  cancelPaymentPreview(input: $input) { wouldSend requestBody userErrors { code message } }
}`;
const CANCEL_BLINDLY = `mutation ($input: CancelPaymentInput!) {
  cancelPayment(input: $input) { cancellation { id status } userErrors { code message } }
}`;
const REFRESH = "mutation ($id: ID!) { refreshCancellation(id: $id) { userErrors { code } } }";
const RESOLVE =
  "mutation ($input: ResolveCancellationInput!) { resolveCancellation(input: $input) { userErrors { code } } }";

type Ask = (headers: Headers) => Promise<GraphQLAnswer>;

const asks =
  (query: string, variables: () => object = () => ({})): Ask =>
  (headers) =>
    graphql(query, variables(), headers);
const withInput = (): object => ({ input: cancelInput() });
const ID = randomUUID();

const READ: readonly Scope[] = ["cancellations:read"];
const WRITE: readonly Scope[] = ["cancellations:write"];
const DECIDE: readonly Scope[] = ["cancellations:resolve", "cancellations:read"];
const DECISION = { id: ID, outcome: "FAILED", note: "asked EBP" };
/** Every root field but `viewer`, what it needs, and a way to ask for it. */
const ROOT_FIELDS: readonly (readonly [string, readonly Scope[], Ask])[] = [
  ["node", READ, asks(`{ node(id: "${ID}") { id } }`)],
  ["cancellation", READ, asks(`{ cancellation(id: "${ID}") { id } }`)],
  ["cancellationByKey", READ, asks('{ cancellationByKey(idempotencyKey: "k") { id } }')],
  ["cancellations", READ, asks(COUNT)],
  ["cancellationStats", READ, asks("{ cancellationStats(groupBy: [STATUS]) { count } }")],
  ["order", READ, asks('{ order(orderNo: "O") { cancelledTotal } }')],
  ["orders", READ, asks('{ orders(orderNos: ["O"]) { cancelledTotal } }')],
  ["cancelPaymentPreview", WRITE, asks(PREVIEW_BLINDLY, withInput)],
  ["cancelPayment", WRITE, asks(CANCEL_BLINDLY, withInput)],
  ["refreshCancellation", DECIDE, asks(REFRESH, () => ({ id: ID }))],
  ["resolveCancellation", DECIDE, asks(RESOLVE, () => ({ input: DECISION }))],
];

async function rows(): Promise<number> {
  const [row] = await fixture.service.sql("SELECT count(*)::int AS rows FROM cancellation");
  return row.rows as number;
}

test("every field that can be asked for is here", async () => {
  const { data } = await fixture.service.graphql(
    "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }",
    undefined,
    await fixture.bearer(),
  );
  const { queryType, mutationType } = data.__schema;
  const names = [...queryType.fields, ...mutationType.fields].map(({ name }: { name: string }) => name);
  expect(new Set(names)).toEqual(new Set(["viewer", ...ROOT_FIELDS.map(([name]) => name)]));
});

describe.each(ROOT_FIELDS)("%s", (name, needed, ask) => {
  test(`is answered to whoever has ${needed.join(" and ")} and nothing else`, async () => {
    const scope = needed.join(" ");
    const { errors, data } = await ask(await fixture.bearer("caller-1", ["SIM-KR"], { scope }));
    expect(errors).toBeUndefined();
    expect(data).toHaveProperty(name);
  });

  test.each(needed)(`is refused to whoever has all but %s, and nothing is done`, async (scope) => {
    const others = SCOPES.filter((other) => other !== scope).join(" ");
    const before = [await rows(), fixture.service.simulator.ledger.totalReceived];
    const { errors, data } = await ask(await fixture.bearer("caller-1", ["SIM-KR"], { scope: others }));
    expect(data?.[name] ?? null).toBeNull();
    expect(errors).toEqual([
      expect.objectContaining({
        path: [name],
        message: `\`${name}\` needs the scope ${scope}, which your token does not have.`,
        extensions: { code: "FORBIDDEN" },
      }),
    ]);
    expect([await rows(), fixture.service.simulator.ledger.totalReceived]).toEqual(before);
  });
});

test("everybody with a token may see who they are, what they may do, and their stores", async () => {
  const query =
    '{ viewer { subject scopes stores { id currencyCode currencyDecimals amountBasis } } order(orderNo: "O") { orderNo } }';
  const headers = await bearer(["SIM-TWO", "SIM-KR"], { scope: "cancellations:write" });
  const { data, errors } = await graphql(query, {}, headers);
  expect(data.viewer).toEqual({
    subject: "user-1",
    scopes: ["cancellations:write"],
    stores: expect.arrayContaining([
      { id: "SIM-KR", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "UNIT" },
      expect.objectContaining({ id: "SIM-TWO" }),
    ]),
  });
  expect(data.viewer.stores).toHaveLength(2);
  expect(errors?.map(({ path }) => path)).toEqual([["order"]]);
});

test.each([
  ["the order", "order { cancelledTotal }"],
  ["a cancellation's order", "cancellation { order { orderNo } }"],
  ["the first cancel with a key", "userErrors { ... on IdempotencyKeyReusedError { cancellation { id } } }"],
  ["the cancel that is open", "userErrors { ... on CancelInProgressError { cancellation { id } } }"],
])(
  "whoever may cancel but not read and asks for %s is refused, and nothing is sent",
  async (_what, asked) => {
    const before = [await rows(), fixture.service.simulator.ledger.totalReceived];
    const query = `mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { replayed ${asked} } }`;
    const headers = await bearer(["SIM-KR"], { scope: "cancellations:write" });
    const { status, data, errors } = await graphql(query, { input: cancelInput() }, headers);
    expect([status, data]).toEqual([403, undefined]);
    expect(errors).toMatchObject([
      { message: expect.stringContaining("cancellations:read"), extensions: { code: "FORBIDDEN" } },
    ]);
    expect([await rows(), fixture.service.simulator.ledger.totalReceived]).toEqual(before);
  },
);

test("of several fields, those are answered that may be", async () => {
  const { data, errors } = await fixture.service.graphql(
    `query ($input: CancelPaymentInput!) {
      order(orderNo: "O") { orderNo }
      cancellationByKey(idempotencyKey: "k") { id }
      cancelPaymentPreview(input: $input) { wouldSend }
    }`,
    { input: cancelInput() },
    await fixture.bearer("caller-1", ["SIM-KR"], { scope: "cancellations:write" }),
  );
  expect(data).toEqual({
    order: null,
    cancellationByKey: null,
    cancelPaymentPreview: { wouldSend: true },
  });
  expect(errors?.map(({ path }) => path)).toEqual([["order"], ["cancellationByKey"]]);
});

test("whoever may decide but not read is shown no record, has EBP not asked, and changes nothing", async () => {
  const { id: doubtful } = await fixture.doubtful();
  const scope = { scope: "cancellations:resolve" };
  const blind = await fixture.bearer("operator-7", ["SIM-KR"], scope);
  const input = { id: doubtful, outcome: "FAILED", note: "asked EBP" };
  const recorded = (): Promise<unknown> =>
    fixture.service.sql("SELECT to_jsonb(c) FROM cancellation c WHERE id = $1", [doubtful]);
  const before = await recorded();
  const lookupsBefore = fixture.service.simulator.ledger.lookups().length;
  for (const { data, errors } of [
    await tryRefresh(fixture.service, doubtful, blind),
    await tryResolve(fixture.service, input, blind),
  ]) {
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN"]);
    expect(data ?? null).toBeNull();
  }
  expect(fixture.service.simulator.ledger.lookups()).toHaveLength(lookupsBefore);
  expect(await recorded()).toEqual(before);
});

// The last test: it restarts the service with another key server.
test("a key server that was never reached is not the caller's fault: 503, and nothing is done", async () => {
  const broken = await startIdentity("ES256");
  const headers = { authorization: `Bearer ${await broken.token({ stores: ["SIM-KR"] })}` };
  const before = fixture.service.simulator.ledger.totalReceived;
  broken.answer(503, "down for maintenance");
  await fixture.service.restart({
    AUTH_JWKS_URL: broken.jwksUrl,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  });
  const failed = await graphql(CANCEL, { input: cancelInput() }, headers);
  await broken.close();
  const gone = await graphql(CANCEL, { input: cancelInput() }, headers);
  for (const { status, errors, text, headers: answered } of [failed, gone]) {
    expect(status).toBe(503);
    const requestId = answered.get("x-request-id");
    expect(errors?.[0].extensions).toEqual({ code: "SERVICE_UNAVAILABLE", requestId });
    expect(text).not.toMatch(/JSON Web Key|fetch|ECONN|Context creation|maintenance/u);
  }
  expect(fixture.service.simulator.ledger.totalReceived).toBe(before);
});

/** Sends each value as a header of its own, as fetch cannot. */
async function statusWith(values: readonly string[]): Promise<number> {
  const body = JSON.stringify({ query: COUNT });
  const headers = [
    ...["Host: localhost", "Connection: close", "Content-Type: application/json"],
    `Content-Length: ${body.length}`,
    ...values.map((value) => `Authorization: ${value}`),
  ];
  const answer = await raw(
    fixture.service.url,
    `POST /graphql HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`,
  );
  return Number(answer.split(" ")[1]);
}
