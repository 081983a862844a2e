import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { AUDIENCE, ISSUER, secondsFromNow, startIdentity } from "../helpers/identity.js";
import { cancel, CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
import type { GraphQLAnswer } from "../helpers/service.js";
import { useTwoStores } from "../helpers/two-stores.js";

const BY_KEY = `query ($storeId: String, $key: String!) { cancellationByKey(storeId: $storeId, idempotencyKey: $key) { id } }`;
const BY_ID = "query ($id: ID!) { cancellation(id: $id) { id } node(id: $id) { id } }";
const HISTORY =
  "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount edges { node { id } } } }";
const ORDER =
  "query ($storeId: String, $orderNo: String!) { order(storeId: $storeId, orderNo: $orderNo) { storeId } }";
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
    expect(ledger.totalReceived).toBe(before);
  });

  test.each([["a broken body", "{"] as const, ["a large body", "x".repeat(200_000)] as const])(
    "no token, before %s is read",
    async (_what, body) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${fixture.service.url}/graphql`, { method: "POST", headers, body });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
    },
  );
});

test("health is answered without a token", async () => {
  for (const path of ["/livez", "/readyz"])
    expect((await fetch(fixture.service.url + path)).status).toBe(200);
});

describe("the Authorization header", () => {
  test("may have its scheme in any case, and several blanks", async () => {
    const { authorization = "" } = await fixture.bearer();
    const token = authorization.slice("Bearer ".length);
    for (const header of [`bearer ${token}`, `BEARER ${token}`, `  Bearer   ${token}  `])
      expect((await graphql(COUNT, {}, { authorization: header })).status).toBe(200);
  });

  test("may not come twice: a proxy may have checked the other one", async () => {
    const { authorization = "" } = await fixture.bearer();
    expect(await statusWith([authorization])).toBe(200);
    for (const both of [
      [authorization, "Bearer garbage"],
      ["Bearer garbage", authorization],
      [authorization, authorization],
    ])
      expect(await statusWith(both)).toBe(401);
  });
});

describe("a caller of one store", () => {
  test("may leave out the store, and is recorded as the one who asked", async () => {
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

  test("finds nothing of another store, under whose keys its own are free", async () => {
    const input = cancelInput();
    const { cancellation: foreign } = await cancel(fixture.service, input, await bearer(["SIM-TWO"]));
    expect(foreign).toMatchObject({ storeId: "SIM-TWO", status: "SUCCEEDED" });
    const headers = await bearer(["SIM-KR"]);
    const byId = await graphql(BY_ID, { id: foreign.id }, headers);
    expect(byId.errors).toBeUndefined();
    expect(byId.data).toEqual({ cancellation: null, node: null });
    const key = String(input["idempotencyKey"]);
    expect((await graphql(BY_KEY, { key }, headers)).data.cancellationByKey).toBeNull();
    expect((await graphql(HISTORY, {}, headers)).data.cancellations.edges).not.toContainEqual({
      node: { id: foreign.id },
    });
    expect(await cancel(fixture.service, cancelInput({ idempotencyKey: key }), headers)).toMatchObject({
      replayed: false,
      cancellation: { storeId: "SIM-KR", status: "SUCCEEDED" },
    });
  });

  test.each([
    ["by key", BY_KEY, { key: "k" }, { cancellationByKey: null }],
    ["in an order", ORDER, { orderNo: "O" }, { order: null }],
    ["in the history", HISTORY, {}, { cancellations: { totalCount: 0, edges: [] } }],
  ])(
    "cannot tell another store from one that does not exist: %s",
    async (_where, query, variables, nothing) => {
      const headers = await bearer(["SIM-KR"]);
      const texts: string[] = [];
      for (const storeId of ["SIM-TWO", "SIM-000"]) {
        const place = query === HISTORY ? { filter: { storeId } } : { storeId };
        const { errors, data, text } = await graphql(query, { ...variables, ...place }, headers);
        expect(errors).toBeUndefined();
        expect(data).toEqual(nothing);
        texts.push(text);
      }
      expect(texts[0]).toBe(texts[1]);
    },
  );

  test.each([
    ["cancel", CANCEL, "cancelPayment"],
    ["preview a cancel", PREVIEW, "cancelPaymentPreview"],
  ])("cannot %s in another store", async (_what, operation, field) => {
    const headers = await bearer(["SIM-KR"]);
    const before = fixture.service.simulator.ledger.totalReceived;
    const [other, unknown] = await Promise.all(
      ["SIM-TWO", "SIM-000"].map((storeId) =>
        graphql(operation, { input: cancelInput({ storeId, orderNo: "O", idempotencyKey: "k" }) }, headers),
      ),
    );
    expect(other?.data[field].userErrors).toEqual([
      expect.objectContaining({ code: "INVALID_INPUT", field: "input.storeId" }),
    ]);
    expect(other?.text.replaceAll("SIM-TWO", "SIM-000")).toBe(unknown?.text);
    expect(fixture.service.simulator.ledger.totalReceived).toBe(before);
    expect(await fixture.service.sql("SELECT 1 FROM cancellation WHERE idempotency_key = 'k'")).toEqual([]);
  });
});

test("a caller of several stores must name one", async () => {
  const headers = await bearer(["SIM-KR", "SIM-TWO"]);
  const { userErrors } = await cancel(fixture.service, cancelInput(), headers);
  expect(userErrors).toEqual([expect.objectContaining({ code: "INVALID_INPUT", field: "input.storeId" })]);
  const { errors } = await graphql(BY_KEY, { key: "k" }, headers);
  expect(errors?.[0].message).toBe("storeId: expected one of your stores, found nothing");
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
  expect(userErrors).toEqual([expect.objectContaining({ code: "INVALID_INPUT", field: "input.storeId" })]);
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
async function statusWith(values: readonly string[]): Promise<number | undefined> {
  const body = JSON.stringify({ query: COUNT });
  const headers = [
    "Host",
    "localhost",
    "Content-Type",
    "application/json",
    "Content-Length",
    `${body.length}`,
  ];
  for (const value of values) headers.push("Authorization", value);
  const sent = request(`${fixture.service.url}/graphql`, { method: "POST", headers });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
