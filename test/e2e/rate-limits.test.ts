import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput, item, PREVIEW } from "../helpers/operations.js";
import type { GraphQLAnswer, TestReplica } from "../helpers/service.js";
import { useTwoStores } from "../helpers/two-stores.js";

const LIMIT = 12;
const COST_LIMIT = 60;
const world = useTwoStores(undefined, {
  RATE_LIMIT_MUTATIONS: String(LIMIT),
  RATE_LIMIT_QUERY_COST: String(COST_LIMIT),
});

type Headers = Record<string, string>;

const cancel = (replica: TestReplica, headers: Headers = {}, changes: object = {}): Promise<GraphQLAnswer> =>
  replica.graphql(CANCEL, { input: cancelInput({ ...changes }) }, headers);

/** What has reached EBP, and what has reached the database. */
async function reached(): Promise<object> {
  const [{ rows }] = await world.service.sql("SELECT count(*)::integer AS rows FROM cancellation");
  return { received: world.service.simulator.ledger.totalReceived, rows };
}

async function useUp(headers: Headers, changes: object = {}): Promise<void> {
  for (let i = 0; i < LIMIT; i += 1) {
    expect((await cancel(world.service, headers, changes)).status).toBe(200);
  }
}

function expectLimited(answer: GraphQLAnswer): void {
  expect(answer.status).toBe(429);
  expect(answer.data).toBeUndefined();
  const [{ extensions, message }] = answer.errors ?? [{}];
  expect(extensions).toEqual({ code: "RATE_LIMITED", retryAfterSeconds: expect.any(Number) });
  expect(answer.headers.get("retry-after")).toBe(String(extensions.retryAfterSeconds));
  expect(message).toMatch(/^A caller and store may .* a minute, .* Try again in \d+ s\.$/u);
}

describe("mutations", () => {
  test("the one after as many as a minute allows is refused, and nothing reaches EBP or the database", async () => {
    const headers = await world.bearer("busy");
    await useUp(headers);
    const before = await reached();
    const answer = await cancel(world.service, headers);
    expectLimited(answer);
    expect(answer.errors?.[0].message).toContain("This call sent nothing. Try again in");
    expect(await reached()).toEqual(before);
  });

  test("another caller is served, and the same caller in another store", async () => {
    const both = ["SIM-KR", "SIM-TWO"];
    const headers = await world.bearer("of two stores", both);
    await useUp(headers, { storeId: "SIM-KR" });
    expectLimited(await cancel(world.service, headers, { storeId: "SIM-KR" }));
    expect((await cancel(world.service, headers, { storeId: "SIM-TWO" })).status).toBe(200);
    const other = await world.bearer("another of two stores", both);
    expect((await cancel(world.service, other, { storeId: "SIM-KR" })).status).toBe(200);
  });

  test.each([
    ["one store", ["SIM-KR"]],
    ["two stores", ["SIM-KR", "SIM-TWO"]],
  ])("made-up stores, and those of others, do not help a caller of %s", async (_which, stores) => {
    const headers = await world.bearer(`inventive, of ${stores.length}`, stores);
    for (let i = 0; i < LIMIT; i += 1) await cancel(world.service, headers, { storeId: `MADE-UP-${i}` });
    expectLimited(await cancel(world.service, headers, { storeId: `MADE-UP-${randomUUID()}` }));
  });

  test("a store counts the same wherever it stands in the request", async () => {
    const headers = await world.bearer("of many ways", ["SIM-KR", "SIM-TWO"]);
    await useUp(headers, { storeId: "SIM-TWO" });
    const field = "cancelPayment(input: $input) { replayed }";
    const ways = [
      `mutation ($input: CancelPaymentInput!) { ...F } fragment F on Mutation { ${field} }`,
      `mutation ($input: CancelPaymentInput!) { ... on Mutation { a: ${field} } }`,
      `mutation ($input: CancelPaymentInput!) { __typename ${field} }`,
    ];
    const input = cancelInput({ storeId: "SIM-TWO" });
    for (const way of ways) expectLimited(await world.service.graphql(way, { input }, headers));
    const asDefault = `mutation ($key: String!, $store: ID = "SIM-TWO") { cancelPayment(input: {
      idempotencyKey: $key, storeId: $store, orderNo: "ORD-1", totalCancelAmount: "1", items: []
    }) { replayed } }`;
    expectLimited(await world.service.graphql(asDefault, { key: randomUUID() }, headers));
  });

  test("one that asks EBP, or decides, counts as ten", async () => {
    const id = randomUUID();
    const REFRESH = `mutation { refreshCancellation(id: "${id}") { userErrors { code } } }`;
    const RESOLVE = `mutation { resolveCancellation(input: { id: "${id}", outcome: FAILED, note: "no" }) { userErrors { code } } }`;
    for (const operation of [REFRESH, RESOLVE]) {
      const headers = await world.bearer(`operator ${operation.slice(11, 18)}`);
      expect((await world.service.graphql(operation, {}, headers)).status).toBe(200);
      expectLimited(await world.service.graphql(operation, {}, headers));
    }
  });

  test("guessing at a refund account is as slow: by its key's reuse, whether asked to cancel or to preview", async () => {
    for (const operation of [CANCEL, PREVIEW]) {
      const headers = await world.bearer(`guesser by ${operation.slice(0, 8)}`);
      const account = { accountNumber: "110-234-567890", bankCode: "088", accountHolderName: "Hong" };
      const input = cancelInput({ refundAccount: account });
      expect((await world.service.graphql(CANCEL, { input }, headers)).status).toBe(200);
      const guess = { ...input, refundAccount: { ...account, accountNumber: "110-234-567891" } };
      const answer = await world.service.graphql(operation, { input: guess }, headers);
      expect(answer.text).toContain("IDEMPOTENCY_KEY_REUSED");
      expectLimited(await world.service.graphql(operation, { input: guess }, headers));
    }
  });

  test("one that counts as more than a minute allows is told that it never will be served", async () => {
    const strict = await world.service.replica({ RATE_LIMIT_MUTATIONS: "9" });
    const answer = await strict.graphql(
      'mutation { refreshCancellation(id: "01a20241-82ea-7279-8944-e96e9036c6e3") { userErrors { code } } }',
    );
    expect(answer.status).toBe(400);
    expect(answer.headers.get("retry-after")).toBeNull();
    expect(answer.errors).toEqual([
      expect.objectContaining({
        message:
          "This counts as 10 mutations, more than the 9 that a caller and store may make in a minute. This call sent nothing.",
        extensions: { code: "BAD_REQUEST" },
      }),
    ]);
  });
});

describe("queries", () => {
  const page = (first: number): string =>
    `{ cancellations(first: ${first}) { edges { node { id events { at } } } } }`;

  /** How many are answered before one is refused. */
  async function answered(query: string, headers: Headers): Promise<number> {
    for (let count = 0; count <= COST_LIMIT; count += 1) {
      const answer = await world.service.graphql(query, {}, headers);
      if (answer.status !== 200) {
        expectLimited(answer);
        return count;
      }
    }
    throw new Error("none was refused");
  }

  test("are limited by what they cost: the larger the pages, the fewer", async () => {
    const [small, large] = [
      await answered(page(1), await world.bearer("of small pages")),
      await answered(page(10), await world.bearer("of large pages")),
    ];
    expect(small).toBeGreaterThan(large);
    expect(large).toBeGreaterThan(0);
  });

  test("are counted in the store that they name, by argument or by filter", async () => {
    const headers = await world.bearer("of two stores", ["SIM-KR", "SIM-TWO"]);
    const order = (storeId: string): string =>
      `{ order(storeId: "${storeId}", orderNo: "ORD-1") { cancelledTotal } }`;
    await answered(order("SIM-TWO"), headers);
    expectLimited(
      await world.service.graphql(
        '{ cancellations(filter: { storeIds: "SIM-TWO" }, first: 1) { totalCount edges { node { id items { seq } } } } }',
        {},
        headers,
      ),
    );
    expect((await world.service.graphql(order("SIM-KR"), {}, headers)).status).toBe(200);
    // Both at once are asked of all of the caller's stores, of which nothing has been used.
    const both = `{ ${order("SIM-TWO").slice(1, -1)} other: ${order("SIM-KR").slice(1, -1)} }`;
    expect((await world.service.graphql(both, {}, headers)).status).toBe(200);
  });

  test("are counted apart from mutations", async () => {
    const headers = await world.bearer("curious");
    await answered(page(10), headers);
    expect((await cancel(world.service, headers)).status).toBe(200);
  });

  test("pay for the lines they have read, also for more than could be foreseen", async () => {
    const lines = Array.from({ length: 500 }, (_, index) => item({ seq: index + 1, amount: "2" }));
    const input = cancelInput({ items: lines, totalCancelAmount: "1000" });
    const { data } = await world.service.graphql(CANCEL, { input }, await world.bearer("of many lines"));
    const { id } = data.cancelPayment.cancellation;
    const query = (fields: string): string => `{ cancellation(id: "${id}") { ${fields} } }`;
    // Nearly all that a minute has: 500 lines are 50 points, and no more than a few were foreseen.
    expect(await answered(query("items { seq }"), await world.bearer("of lines"))).toBeLessThanOrEqual(2);
    expect(await answered(query("id"), await world.bearer("of ids"))).toBeGreaterThan(10);
  });

  test("one dearer than a whole minute is told that it never will be answered", async () => {
    const headers = await world.bearer("greedy");
    const answer = await world.service.graphql(page(100), {}, headers);
    expect(answer.status).toBe(400);
    expect(answer.errors?.[0].message).toMatch(
      /^This query costs \d+ points, more than the 60 that a caller and store may use in a minute\. Ask for less/u,
    );
    // Nor is it charged.
    expect((await world.service.graphql(page(1), {}, headers)).status).toBe(200);
  });
});

test("refusals are counted in the metrics", async () => {
  const counted = async (what: string): Promise<number> => {
    const text = await (await fetch(`${world.service.url}/metrics`)).text();
    return Number(new RegExp(`^ebp_rate_limited_total\\{what="${what}"\\} (\\d+)$`, "mu").exec(text)?.[1]);
  };
  const headers = await world.bearer("counted");
  const [mutations, queries] = [await counted("mutation"), await counted("query")];
  await useUp(headers);
  await cancel(world.service, headers);
  expect(await counted("mutation")).toBe(mutations + 1);
  expect(await counted("query")).toBe(queries);
});

test("replicas count together in the database, until the minute is over, and keep no caller's name there", async () => {
  const settings = { RATE_LIMIT_STORE: "postgres", RATE_LIMIT_MUTATIONS: "2" };
  const [one, other] = [await world.service.replica(settings), await world.service.replica(settings)];
  const headers = await world.bearer("of two replicas");
  for (const replica of [one, other]) expect((await cancel(replica, headers)).status).toBe(200);
  expectLimited(await cancel(other, headers));
  await one.graphql("{ __typename }", {}, headers);
  expect(await world.service.sql("SELECT key, points FROM rate_limit ORDER BY key")).toEqual([
    { key: expect.stringMatching(/^mutation:[\w-]{43}$/u), points: 2 },
    { key: expect.stringMatching(/^query:[\w-]{43}$/u), points: 1 },
  ]);
  await world.service.sql("UPDATE rate_limit SET expire = $1", [Date.now() - 1]);
  expect((await cancel(one, headers)).status).toBe(200);
});
