import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { AUDIENCE, ISSUER, secondsFromNow, startIdentity, type Identity } from "../helpers/identity.js";
import { cancel, CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
import { startService, type GraphQLAnswer, type TestService } from "../helpers/service.js";

const BY_KEY = `query ($storeId: String, $key: String!) { cancellationByKey(storeId: $storeId, idempotencyKey: $key) { id } }`;
const BY_ID = "query ($id: ID!) { cancellation(id: $id) { id requestedBy } node(id: $id) { id } }";
const HISTORY =
  "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount edges { node { storeId } } } }";
const ORDER =
  "query ($storeId: String, $orderNo: String!) { order(storeId: $storeId, orderNo: $orderNo) { storeId } }";

let identity: Identity;
let service: TestService;
let folder: string;

beforeAll(async () => {
  identity = await startIdentity();
  folder = await mkdtemp(join(tmpdir(), "ebp-callers-test-"));
  const file = join(folder, "stores.json");
  const stores = [DEVELOPMENT_STORE, { ...DEVELOPMENT_STORE, storeId: "SIM-US", currencyCode: "USD" }];
  service = await startService({ simulator: { stores } });
  const baseUrl = service.simulator.url;
  await writeFile(file, JSON.stringify(stores.map((store) => ({ ...store, baseUrl }))));
  await service.restart({
    EBP_BASE_URL: "",
    EBP_STORES_FILE: file,
    AUTH_JWKS_URL: identity.jwksUrl,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  });
});

afterAll(async () => {
  await service.close();
  await identity.close();
  await rm(folder, { recursive: true });
});

async function bearer(stores: readonly string[], claims: object = {}): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await identity.token({ stores, ...claims })}` };
}

describe("answers 401 with UNAUTHENTICATED, and does nothing, for", () => {
  test.each<[string, () => Promise<Record<string, string>>]>([
    ["no token", () => Promise.resolve({})],
    ["an expired token", () => bearer(["SIM-KR"], { exp: secondsFromNow(-60) })],
    ["garbage", () => Promise.resolve({ authorization: "Bearer garbage" })],
  ])("%s", async (_what, headers) => {
    const before = service.simulator.ledger.totalReceived;
    const answer = await service.graphql(CANCEL, { input: cancelInput() }, await headers());
    expect(answer.status).toBe(401);
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toEqual([
      { message: expect.stringContaining("Authorization: Bearer"), extensions: { code: "UNAUTHENTICATED" } },
    ]);
    expect(answer.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/u);
    expect(service.simulator.ledger.totalReceived).toBe(before);
  });
});

test("is ready and alive for whoever asks", async () => {
  for (const path of ["/livez", "/readyz"]) expect((await fetch(service.url + path)).status).toBe(200);
});

describe("a caller of one store", () => {
  let headers: Record<string, string>;
  beforeEach(async () => {
    headers = await bearer(["SIM-KR"], { sub: "operator-7" });
  });

  test("may leave out the store, and is kept as who asked", async () => {
    const input = cancelInput();
    const { cancellation, userErrors } = await cancel(service, input, headers);
    expect(userErrors).toEqual([]);
    expect(cancellation).toMatchObject({ storeId: "SIM-KR", requestedBy: "operator-7" });
    const { data } = await service.graphql(BY_KEY, { key: input["idempotencyKey"] }, headers);
    expect(data.cancellationByKey).toEqual({ id: cancellation.id });
    const order = await service.graphql(ORDER, { orderNo: input["orderNo"] }, headers);
    expect(order.data.order).toEqual({ storeId: "SIM-KR" });
  });

  describe("finds of another store", () => {
    let foreign: { id: string; idempotencyKey: string };
    beforeAll(async () => {
      const input = cancelInput({ storeId: "SIM-US" });
      foreign = (await cancel(service, input, await bearer(["SIM-US"]))).cancellation;
      expect(foreign).toMatchObject({ storeId: "SIM-US", status: "SUCCEEDED" });
    });

    test("no cancellation by its id", async () => {
      const { data, errors } = await service.graphql(BY_ID, { id: foreign.id }, headers);
      expect(errors).toBeUndefined();
      expect(data).toEqual({ cancellation: null, node: null });
    });

    test("nothing in the history", async () => {
      const { data } = await service.graphql(HISTORY, {}, headers);
      const stores = data.cancellations.edges.map((edge: { node: { storeId: string } }) => edge.node.storeId);
      expect(new Set(stores)).toEqual(new Set(["SIM-KR"]));
      expect(data.cancellations.totalCount).toBe(stores.length);
    });

    test("nothing under the same key, which is free in a store of one's own", async () => {
      const { data } = await service.graphql(BY_KEY, { key: foreign.idempotencyKey }, headers);
      expect(data.cancellationByKey).toBeNull();
      const input = cancelInput({ idempotencyKey: foreign.idempotencyKey });
      expect(await cancel(service, input, headers)).toMatchObject({
        replayed: false,
        cancellation: { storeId: "SIM-KR", status: "SUCCEEDED" },
      });
    });
  });

  test.each<[string, (storeId: string) => Promise<GraphQLAnswer>, object]>([
    [
      "by key",
      (storeId) => service.graphql(BY_KEY, { storeId, key: "k" }, headers),
      { cancellationByKey: null },
    ],
    [
      "in its history",
      (storeId) => service.graphql(HISTORY, { filter: { storeId } }, headers),
      { cancellations: { totalCount: 0, edges: [] } },
    ],
    ["in an order", (storeId) => service.graphql(ORDER, { storeId, orderNo: "O" }, headers), { order: null }],
  ])("finds nothing in another store, as in one that does not exist: %s", async (_where, ask, nothing) => {
    const answers: GraphQLAnswer[] = [];
    for (const storeId of ["SIM-US", "SIM-XX"]) answers.push(await ask(storeId));
    for (const { errors, data } of answers) {
      expect(errors).toBeUndefined();
      expect(data).toEqual(nothing);
    }
    expect(answers[0]?.text).toBe(answers[1]?.text);
  });

  test.each([
    ["cancel", CANCEL, "cancelPayment"],
    ["preview a cancel", PREVIEW, "cancelPaymentPreview"],
  ])("cannot %s in another store", async (_what, operation, field) => {
    const before = service.simulator.ledger.totalReceived;
    const [other, unknown] = await Promise.all(
      ["SIM-US", "SIM-XX"].map((storeId) =>
        service.graphql(
          operation,
          { input: cancelInput({ storeId, orderNo: "O", idempotencyKey: "k" }) },
          headers,
        ),
      ),
    );
    expect(other?.data[field].userErrors).toEqual([
      expect.objectContaining({ code: "INVALID_INPUT", field: "input.storeId" }),
    ]);
    expect(other?.text.replaceAll("SIM-US", "SIM-XX")).toBe(unknown?.text);
    expect(service.simulator.ledger.totalReceived).toBe(before);
    expect(await service.sql("SELECT 1 FROM cancellation WHERE idempotency_key = 'k'")).toEqual([]);
  });
});

test("a caller of several stores must say which", async () => {
  const headers = await bearer(["SIM-KR", "SIM-US"]);
  const { userErrors } = await cancel(service, cancelInput(), headers);
  expect(userErrors).toEqual([expect.objectContaining({ code: "INVALID_INPUT", field: "input.storeId" })]);
  const { errors } = await service.graphql(BY_KEY, { key: "k" }, headers);
  expect(errors?.[0].message).toBe("storeId: expected one of your stores, found nothing");
  expect(await cancel(service, cancelInput({ storeId: "SIM-US" }), headers)).toMatchObject({
    cancellation: { storeId: "SIM-US", currencyCode: "USD", status: "SUCCEEDED" },
  });
});

test("a caller of no store finds nothing and can do nothing", async () => {
  const headers = await bearer([]);
  const { data } = await service.graphql(HISTORY, {}, headers);
  expect(data.cancellations).toEqual({ totalCount: 0, edges: [] });
  expect((await service.graphql(BY_ID, { id: randomUUID() }, headers)).data.cancellation).toBeNull();
  const { userErrors } = await cancel(service, cancelInput(), headers);
  expect(userErrors).toEqual([expect.objectContaining({ code: "INVALID_INPUT", field: "input.storeId" })]);
});

test("a key server that has never been reached is not the caller's fault: 503, and nothing is done", async () => {
  const broken = await startIdentity();
  const headers = { authorization: `Bearer ${await broken.token({ stores: ["SIM-KR"] })}` };
  const before = service.simulator.ledger.totalReceived;
  broken.answer(503, "down for maintenance");
  await service.restart({ AUTH_JWKS_URL: broken.jwksUrl, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE });
  const failed = await service.graphql(CANCEL, { input: cancelInput() }, headers);
  await broken.close();
  const gone = await service.graphql(CANCEL, { input: cancelInput() }, headers);
  for (const { status, errors, text, headers: answered } of [failed, gone]) {
    expect(status).toBe(503);
    const requestId = answered.get("x-request-id");
    expect(errors?.[0].extensions).toEqual({ code: "SERVICE_UNAVAILABLE", requestId });
    expect(text).not.toMatch(/JSON Web Key|fetch|ECONN|Context creation|maintenance/u);
  }
  expect(service.simulator.ledger.totalReceived).toBe(before);
});
