import { describe, expect, test } from "@jest/globals";
import { createClient } from "graphql-sse";
import { MAX_FOLLOWERS_PER_CALLER } from "../../../src/cancellation/live/live-changes.js";
import { fileOf } from "../../helpers/configuration.js";
import { until } from "../../helpers/gate.js";
import { secondsFromNow } from "../../helpers/identity.js";
import { CHANGED, post, subscribe, useFollow, type LiveStream } from "../../helpers/live.js";
import { CANCEL, cancel, cancelInput } from "../../helpers/operations.js";
import { useTwoStores } from "../../helpers/two-stores.js";

const world = useTwoStores();
const follow = useFollow();
const ID = "01a20241-82ea-7279-8944-e96e9036c6e3";

async function ask(variables: object, claims: object = {}, query = CHANGED): Promise<LiveStream> {
  const headers = await world.bearer("caller-1", ["SIM-KR"], claims);
  return subscribe(world.service, variables, headers, query);
}

async function expectRefused(stream: LiveStream, status: number, error: object): Promise<void> {
  expect(stream.status).toBe(status);
  expect(stream.headers.get("content-type")).toMatch(/^application\/json/u);
  expect((await stream.json()).errors).toEqual([expect.objectContaining(error)]);
}

describe("a subscription is refused before a stream begins", () => {
  test.each([
    [
      "malformed id",
      { ids: [ID, "1"] },
      "ids.1",
      "INVALID_FORMAT",
      "This is not an id. Use the id of a cancellation, a UUID.",
    ],
    [
      "ids beside an order",
      { ids: [ID], orderNo: "ORD-1" },
      "orderNo",
      "NOT_ALLOWED",
      "This cannot be combined with `ids`.",
    ],
    [
      "no id",
      { ids: [] },
      "ids",
      "TOO_SHORT",
      "The list is empty. Name at least one value, or leave it out.",
    ],
    [
      "101 ids",
      { ids: Array.from({ length: 101 }, () => ID) },
      "ids",
      "TOO_LONG",
      "There are too many values: at most 100 are allowed.",
    ],
    ["empty order", { orderNo: "" }, "orderNo", "BLANK", "This is required: enter 1 to 100 characters."],
  ])("for an argument: %s", async (_what, variables, field, reason, message) => {
    await expectRefused(await ask(variables), 400, {
      message,
      extensions: { code: "BAD_USER_INPUT", field: field.split("."), reason },
    });
  });

  test("for an order without its store, when the caller has several stores", async () => {
    const headers = await world.bearer("caller-1", ["SIM-KR", "SIM-TWO"]);
    await expectRefused(await subscribe(world.service, { orderNo: "ORD-1" }, headers), 400, {
      message: "Choose a store: you can act for several, or for none.",
      extensions: { code: "BAD_USER_INPUT", field: ["storeId"], reason: "REQUIRED" },
    });
  });

  test("without the scope to read", async () => {
    await expectRefused(await ask({}, { scope: "cancellations:write cancellations:resolve" }), 403, {
      extensions: { code: "FORBIDDEN" },
      message: "`cancellationChanged` needs the scope cancellations:read, which your token does not have.",
    });
  });

  test.each([
    ["no token", {}],
    ["an invalid token", { authorization: "Bearer garbage" }],
  ])("with %s", async (_what, headers) => {
    const stream = await subscribe(world.service, {}, headers);
    await expectRefused(stream, 401, { extensions: { code: "UNAUTHENTICATED" } });
    expect(stream.headers.get("www-authenticate")).toMatch(/^Bearer/u);
  });

  test("when it is a mutation, which then does nothing", async () => {
    const before = world.service.simulator.ledger.totalReceived;
    await expectRefused(await ask({ input: cancelInput() }, {}, CANCEL), 400, {
      message:
        "Only subscriptions are served here. Queries and mutations are at /graphql. This call did nothing.",
      extensions: { code: "BAD_REQUEST" },
    });
    expect(world.service.simulator.ledger.totalReceived).toBe(before);
  });

  const aliases = Array.from({ length: 16 }, (_, i) => `a${i}: id`).join(" ");
  test.each([
    [
      "GRAPHQL_PARSE_FAILED",
      "too many tokens",
      `subscription { cancellationChanged { ${"id ".repeat(1_000)} } }`,
    ],
    [
      "GRAPHQL_VALIDATION_FAILED",
      "two root fields",
      "subscription { one: cancellationChanged { id } two: cancellationChanged { id } }",
    ],
    [
      "OPERATION_RESOLUTION_FAILURE",
      "two operations and no name",
      "subscription A { cancellationChanged { id } } query B { __typename }",
    ],
    ["QUERY_TOO_COMPLEX", "too many aliases", `subscription { cancellationChanged { ${aliases} } }`],
  ])("with %s for %s", async (code, _what, query) => {
    await expectRefused(await ask({}, {}, query), 400, { extensions: { code } });
  });

  const json = JSON.stringify({ query: CHANGED });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  test.each([
    ["invalid JSON", "{", {}, 400],
    ["a list of requests", `[${json}]`, {}, 400],
    ["a form, which another site's page could send", "query=subscription", form, 415],
    ["plain text, which another site's page could send", json, { "content-type": "text/plain" }, 415],
    ["an Accept header without event streams", json, { accept: "application/json" }, 406],
  ])("for a request with %s", async (_what, body, headers, status) => {
    const stream = await post(world.service.url, body, { ...(await world.bearer()), ...headers });
    await expectRefused(stream, status, {});
  });

  test.each(["GET", "PUT", "DELETE"])("by the method %s", async (method) => {
    const url = `${world.service.url}/graphql/stream?query=subscription{cancellationChanged{id}}`;
    expect((await fetch(url, { method, headers: await world.bearer() })).status).toBe(405);
  });
});

test("/graphql says where subscriptions are served", async () => {
  const { status, errors } = await world.service.graphql(CHANGED, {}, await world.bearer());
  expect(status).toBe(400);
  expect(errors).toEqual([
    {
      message: "Subscriptions are served at POST /graphql/stream, as server-sent events.",
      extensions: { code: "BAD_REQUEST" },
    },
  ]);
});

test("a caller never sees changes of another store, whether it names a store, an order or an id", async () => {
  const [one, two] = [
    await world.bearer("caller-1", ["SIM-KR"]),
    await world.bearer("caller-2", ["SIM-TWO"]),
  ];
  const orderNo = "ORD-SHARED-1";
  const foreign = await cancel(world.service, cancelInput({ orderNo }), two);
  const [ofAll, ofOrder, ...silent] = await Promise.all(
    [{}, { orderNo }, { storeId: "SIM-TWO" }, { storeId: "NO-SUCH" }, { ids: [foreign.cancellation.id] }].map(
      (variables) => follow(world.service, variables, one),
    ),
  );
  const ofTwo = await follow(world.service, { storeId: "SIM-TWO" }, two);
  await cancel(world.service, cancelInput(), two);
  expect((await ofTwo.change()).storeId).toBe("SIM-TWO");
  // The foreign change has been sent, so it would come before the caller's own.
  const own: any = await cancel(world.service, cancelInput({ orderNo }), one);
  for (const stream of [ofAll, ofOrder]) expect((await stream?.change())?.id).toBe(own.cancellation.id);
  for (const stream of silent) {
    const next = stream.event();
    const later = world.service.graphql("{ __typename }", {}, two).then(() => "silence");
    expect(await Promise.race([next, later])).toBe("silence");
    next.catch(() => undefined);
  }
});

test("a stream ends when its caller's token expires, and says so", async () => {
  // Clocks may differ by 5 seconds.
  const stream = await ask({}, { exp: secondsFromNow(-2) });
  expect(stream.status).toBe(200);
  const message = "Your token is no longer valid. Subscribe again with a valid one.";
  expect(await stream.rest()).toEqual([
    { event: "next", data: { errors: [{ message, extensions: { code: "UNAUTHENTICATED" } }] } },
    { event: "complete", data: null },
  ]);
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${world.service.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}]/gu, "\\$&")} (\\d+)$`, "mu").exec(text)?.[1]);
}

test("streams beyond a caller's limit are refused until another one ends", async () => {
  const headers = await world.bearer("caller-of-many");
  const all: LiveStream[] = [];
  for (let count = 0; count < MAX_FOLLOWERS_PER_CALLER; count += 1) {
    all.push(await follow(world.service, {}, headers));
  }
  const before = await metric('ebp_followers_refused_total{whose="caller"}');
  const refused = await subscribe(world.service, {}, headers);
  expect(refused.headers.get("retry-after")).toBe("5");
  await expectRefused(refused, 429, {
    path: ["cancellationChanged"],
    extensions: expect.objectContaining({ code: "RATE_LIMITED", retryAfterSeconds: 5 }),
  });
  expect(await metric('ebp_followers_refused_total{whose="caller"}')).toBe(before + 1);

  const followers = await metric("ebp_followers");
  all[0]?.hangUp();
  await until(async () => (await metric("ebp_followers")) === followers - 1);
  await follow(world.service, {}, headers);
});

test("a subscription is charged like a query, and refused when its caller's minute is used up", async () => {
  // Two queries: one for the cancellation, one for its events.
  const replica = await world.service.replica({ RATE_LIMIT_QUERY_COST: "7" });
  const headers = await world.bearer("caller-2");
  await follow(replica, {}, headers);
  let refused = await subscribe(replica, {}, headers);
  while (refused.status === 200) refused = await subscribe(replica, {}, headers);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  await expectRefused(refused, 429, { extensions: expect.objectContaining({ code: "RATE_LIMITED" }) });
});

test("a subscription must be one of the persisted operations where there is a list, by its id or its text", async () => {
  const replica = await world.service.replica({
    PERSISTED_OPERATIONS: fileOf(JSON.stringify({ changed: CHANGED })),
  });
  const headers = await world.bearer("caller-3");
  await follow(replica, {}, headers);
  const byId = { extensions: { persistedQuery: { version: 1, sha256Hash: "changed" } } };
  const listed = await post(replica.url, JSON.stringify(byId), headers);
  expect(listed.status).toBe(200);
  listed.hangUp();
  const other = await subscribe(replica, {}, headers, "subscription { cancellationChanged { id } }");
  await expectRefused(other, 403, { extensions: { code: "OPERATION_NOT_SAFELISTED" } });
});

test("a subscription reveals no schema where introspection is off", async () => {
  const replica = await world.service.replica({ GRAPHQL_INTROSPECTION: "off" });
  const query = "subscription { cancellationChanged { id statu } }";
  await expectRefused(await subscribe(replica, {}, {}, query), 400, {
    message: expect.not.stringContaining("Did you mean"),
    extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
  });
});

test("graphql-sse's own client can subscribe", async () => {
  const headers = await world.bearer("caller-4");
  const client = createClient({ url: `${world.service.url}/graphql/stream`, headers, retryAttempts: 0 });
  const { cancellation } = await cancel(world.service, cancelInput(), headers);
  const changes = client.iterate<any>({ query: CHANGED, variables: { ids: [cancellation.id] } });
  const { value } = await changes.next();
  expect(value.data.cancellationChanged).toMatchObject({ id: cancellation.id, status: "SUCCEEDED" });
  await changes.return?.();
  client.dispose();
});
