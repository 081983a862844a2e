import { describe, expect, test } from "@jest/globals";
import { CHANGED, post, subscribe, type LiveStream } from "../../helpers/live.js";
import { secondsFromNow } from "../../helpers/identity.js";
import { CANCEL, cancel, cancelInput } from "../../helpers/operations.js";
import { useTwoStores } from "../../helpers/two-stores.js";

const world = useTwoStores();

async function ask(variables: object, claims: object = {}, query = CHANGED): Promise<LiveStream> {
  const headers = await world.bearer("caller-1", ["SIM-KR"], claims);
  return subscribe(world.service, variables, headers, query);
}

async function expectRefused(stream: LiveStream, status: number, error: object): Promise<void> {
  expect(stream.status).toBe(status);
  expect(stream.headers.get("content-type")).toMatch(/^application\/json/u);
  expect((await stream.json()).errors).toEqual([expect.objectContaining(error)]);
}

describe("a subscription is refused, before a stream begins,", () => {
  test.each([
    [
      "an id that is none",
      { id: "1" },
      "id",
      "id: expected an id (a UUID), found 1 characters that are none",
    ],
    [
      "an id beside an order",
      { id: "01a20241-82ea-7279-8944-e96e9036c6e3", orderNo: "ORD-1" },
      "orderNo",
      "orderNo: expected nothing beside `id`, found a value",
    ],
    [
      "an id beside a store",
      { id: "01a20241-82ea-7279-8944-e96e9036c6e3", storeId: "SIM-KR" },
      "storeId",
      "storeId: expected nothing beside `id`, found a value",
    ],
    [
      "an empty order",
      { orderNo: "" },
      "orderNo",
      "orderNo: expected 1 to 100 characters, found an empty text",
    ],
    [
      "a store that cannot be one",
      { storeId: "x".repeat(101) },
      "storeId",
      "storeId: expected 1 to 100 characters, found 101 characters",
    ],
  ])("for %s", async (_what, variables, field, message) => {
    await expectRefused(await ask(variables), 400, {
      message,
      extensions: { code: "BAD_USER_INPUT", field },
    });
  });

  test("for an order of a caller with several stores who does not say which", async () => {
    const headers = await world.bearer("caller-1", ["SIM-KR", "SIM-TWO"]);
    await expectRefused(await subscribe(world.service, { orderNo: "ORD-1" }, headers), 400, {
      message: "storeId: expected one of your stores, found nothing",
    });
  });

  test("for variables that do not fit, without their values", async () => {
    const stream = await ask({ id: { account: "0012345678901" } });
    await expectRefused(stream, 400, {
      message: "id: ID expects a string",
      extensions: { code: "BAD_USER_INPUT", field: "id" },
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
    ["garbage", { authorization: "Bearer garbage" }],
  ])("with %s", async (_what, headers) => {
    const stream = await subscribe(world.service, {}, headers);
    await expectRefused(stream, 401, { extensions: { code: "UNAUTHENTICATED" } });
    expect(stream.headers.get("www-authenticate")).toMatch(/^Bearer/u);
  });

  test.each([
    ["a query", "{ cancellations { totalCount } }", {}],
    ["a mutation", CANCEL, { input: cancelInput() }],
  ])("when it is %s", async (_what, query, variables) => {
    const before = world.service.simulator.ledger.totalReceived;
    await expectRefused(await ask(variables, {}, query), 400, {
      message:
        "Only subscriptions are served here. Queries and mutations are at /graphql. This call did nothing.",
      extensions: { code: "BAD_REQUEST" },
    });
    expect(world.service.simulator.ledger.totalReceived).toBe(before);
  });

  test.each([
    ["a syntax error", "subscription {", "GRAPHQL_PARSE_FAILED"],
    [
      "a field that there is not",
      "subscription { cancellationChanged { secret } }",
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "two at once",
      "subscription { one: cancellationChanged { id } two: cancellationChanged { id } }",
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "two operations and no name",
      "subscription A { cancellationChanged { id } } query B { __typename }",
      "OPERATION_RESOLUTION_FAILURE",
    ],
    [
      "too many aliases",
      `subscription { cancellationChanged { ${Array.from({ length: 16 }, (_, i) => `a${i}: id`).join(" ")} } }`,
      "QUERY_TOO_COMPLEX",
    ],
    [
      "too many tokens",
      `subscription { cancellationChanged { ${"id ".repeat(1_000)} } }`,
      "GRAPHQL_PARSE_FAILED",
    ],
  ])("for %s", async (_what, query, code) => {
    await expectRefused(await ask({}, {}, query), 400, { extensions: { code } });
  });

  test.each([
    ["no JSON", "{", {}, 400],
    ["nothing", "", {}, 400],
    ["a list of requests", JSON.stringify([{ query: CHANGED }]), {}, 400],
    [
      "a form, as another site's page may send it",
      "query=subscription",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
    ],
    [
      "plain text, as another site's page may send it",
      JSON.stringify({ query: CHANGED }),
      { "content-type": "text/plain" },
      400,
    ],
    [
      "an Accept header without event streams",
      JSON.stringify({ query: CHANGED }),
      { accept: "application/json" },
      406,
    ],
    [
      "an Accept header that is too long",
      JSON.stringify({ query: CHANGED }),
      { accept: "a".repeat(1_001) },
      400,
    ],
  ])("of %s", async (_what, body, headers, status) => {
    const stream = await post(world.service.url, body, { ...(await world.bearer()), ...headers });
    await expectRefused(stream, status, {});
  });

  test("by any other method", async () => {
    const headers = await world.bearer();
    for (const method of ["GET", "PUT", "DELETE"]) {
      const url = `${world.service.url}/graphql/stream?query=subscription{cancellationChanged{id}}`;
      expect((await fetch(url, { method, headers })).status).toBe(405);
    }
  });
});

test("/graphql says where subscriptions are", async () => {
  const { status, errors } = await world.service.graphql(CHANGED, {}, await world.bearer());
  expect(status).toBe(400);
  expect(errors).toEqual([
    {
      message: "Subscriptions are served at POST /graphql/stream, as server-sent events.",
      extensions: { code: "BAD_REQUEST" },
    },
  ]);
});

describe("what happens in other stores", () => {
  test("never comes to a caller, whatever is named: not a store, not an order, not an id", async () => {
    const two = await world.bearer("caller-2", ["SIM-TWO"]);
    const orderNo = "ORD-SHARED-1";
    const first = await cancel(world.service, cancelInput({ orderNo }), two);
    const { id } = first.cancellation;
    const streams = await Promise.all(
      [{}, { storeId: "SIM-TWO" }, { storeId: "NO-SUCH" }, { orderNo }, { id }].map((variables) =>
        ask(variables),
      ),
    );
    const ofTwo = await subscribe(world.service, { storeId: "SIM-TWO" }, two);
    await cancel(world.service, cancelInput(), two);
    expect((await ofTwo.change()).storeId).toBe("SIM-TWO");
    // What comes to them now was told after that: it would have come before.
    const own: any = await cancel(world.service, cancelInput({ orderNo }), await world.bearer());
    const [ofAll, ofOthers, ofNone, ofOrder, byId] = streams;
    for (const stream of [ofAll, ofOrder]) expect((await stream?.change())?.id).toBe(own.cancellation.id);
    for (const stream of [ofOthers, ofNone, byId]) {
      const next = stream?.event();
      ofTwo.hangUp();
      expect(
        await Promise.race([next, world.service.graphql("{ __typename }", {}, two).then(() => "silence")]),
      ).toBe("silence");
      next?.catch(() => undefined);
    }
    for (const stream of streams) stream.hangUp();
  });
});

test("a stream ends with its caller's token, and says so", async () => {
  // Clocks may differ by 5 seconds.
  const stream = await ask({}, { exp: secondsFromNow(-2) });
  expect(stream.status).toBe(200);
  expect(await stream.rest()).toEqual([
    {
      event: "next",
      data: {
        errors: [
          {
            message: "Your token is no longer valid. Subscribe again with a valid one.",
            extensions: { code: "UNAUTHENTICATED" },
          },
        ],
      },
    },
    { event: "complete", data: null },
  ]);
});
