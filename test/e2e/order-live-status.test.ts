import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "../helpers/gate.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { type GraphQLAnswer, type TestService, useService } from "../helpers/service.js";
import { httpAnswer, refusedPort, startUpstream, type Respond, type Upstream } from "../helpers/upstream.js";

const LIVE =
  "liveStatus { paymentStatus cancels checkedAt requestId unavailable { reason message resultCode } }";
const REST =
  "cancelledTotal inDoubtTotal lines { itemId cancelledAmount } cancellations { totalCount edges { cancelledTotalAfter } }";
const ORDER = `query ($orderNo: String!) { order(orderNo: $orderNo) { ${LIVE} ${REST} } }`;
const ORDER_NO = "ORD-live";
const ANSWERED = {
  cancelledTotal: "1000",
  inDoubtTotal: "0",
  lines: [{ itemId: "P001", cancelledAmount: "1000" }],
  cancellations: { totalCount: 1, edges: [{ cancelledTotalAfter: "1000" }] },
};
/** As much patience with EBP as a test has: the 3 s of a live status are never more than this. */
const SHORT_MS = "200";

const service = useService();
const upstreams: Upstream[] = [];
beforeAll(async () => {
  await cancel(service, cancelInput({ orderNo: ORDER_NO }));
});
afterEach(async () => {
  for (const upstream of upstreams.splice(0)) await upstream.close();
});

/** The same service with another EBP. */
async function withEbp(
  respond: Respond,
  environment: Record<string, string> = {},
): Promise<{ upstream: Upstream; graphql: TestService["graphql"] }> {
  const upstream = await startUpstream(respond);
  upstreams.push(upstream);
  const replica = await service.replica({ EBP_BASE_URL: upstream.url, ...environment });
  return { upstream, graphql: (...asked) => replica.graphql(...asked) };
}

function details(orderNo: string, more: object = {}): string {
  const data = { orderNo, storeRequestNo: "S-1", paymentStatus: "CAPTURED", ...more };
  return JSON.stringify({ resultCode: "0", message: "SUCCESS", requestId: "1767129253910", data });
}

function orderNoIn(body: Buffer): string {
  return (JSON.parse(body.toString("utf8")) as { orderNo: string }).orderNo;
}

const answering: Respond = ({ body }, socket) => socket.write(httpAnswer(200, details(orderNoIn(body))));

async function tables(): Promise<unknown> {
  const names = [
    "cancellation",
    "cancellation_item",
    "cancellation_event",
    "cancelled_order",
    "webhook_event",
  ];
  return Promise.all(names.map((name) => service.sql(`SELECT t::text FROM ${name} t ORDER BY 1`)));
}

describe("the live status of an order", () => {
  test("is what EBP says now, beside what is stored; nothing of it is stored", async () => {
    const before = await tables();
    const asked = Date.now();
    const { data, errors } = await service.graphql(ORDER, { orderNo: ORDER_NO });
    expect(errors).toBeUndefined();
    expect(data.order).toEqual({
      ...ANSWERED,
      liveStatus: {
        paymentStatus: expect.stringMatching(/^[A-Z_]+$/u),
        cancels: expect.stringMatching(/^(CANCELLED_IN_PART|WHOLLY_CANCELLED)$/u),
        checkedAt: expect.any(String),
        requestId: expect.stringMatching(/^\d{13}$/u),
        unavailable: null,
      },
    });
    const checkedAt = new Date(data.order.liveStatus.checkedAt as string).getTime();
    expect(checkedAt).toBeGreaterThanOrEqual(asked);
    expect(checkedAt).toBeLessThanOrEqual(Date.now());
    expect(await tables()).toEqual(before);
  });

  test("is told of an order that nobody has cancelled here, too", async () => {
    const { graphql } = await withEbp(answering);
    const { data } = await graphql(ORDER, { orderNo: "ORD-untouched" });
    expect(data.order).toMatchObject({
      cancelledTotal: "0",
      liveStatus: { paymentStatus: "CAPTURED", cancels: "UNCANCELLED" },
    });
  });

  test("is not asked for unless somebody asks for it", async () => {
    const { upstream, graphql } = await withEbp(answering);
    await graphql(`{ order(orderNo: "${ORDER_NO}") { ${REST} } }`);
    await graphql(
      `query ($no: Boolean = false) { order(orderNo: "${ORDER_NO}") { ${REST} liveStatus @include(if: $no) { cancels } } }`,
    );
    expect(upstream.connections).toBe(0);
  });
});

describe("EBP away costs the status alone, and says why:", () => {
  function expectReason(
    { status, data, errors }: GraphQLAnswer,
    reason: string,
    resultCode: string | null,
  ): void {
    expect(errors).toBeUndefined();
    expect(status).toBe(200);
    expect(data.order).toEqual({
      ...ANSWERED,
      liveStatus: expect.objectContaining({
        paymentStatus: null,
        cancels: null,
        checkedAt: expect.any(String),
        unavailable: { reason, message: expect.stringMatching(/\.$/u), resultCode },
      }),
    });
  }

  const whole = httpAnswer(200, details(ORDER_NO));
  const refusal = JSON.stringify({
    resultCode: "EBP-Z-0002",
    message: "no such order",
    requestId: "1767129253910",
  });
  test.each<[what: string, respond: Respond, reason: string, resultCode: string | null]>([
    ["silence", () => undefined, "TIMED_OUT", null],
    ["an error of EBP's", (_, socket) => socket.write(httpAnswer(500, refusal)), "REFUSED", "EBP-Z-0002"],
    ["a truncated answer", (_, socket) => socket.end(whole.subarray(0, -3)), "NOT_READABLE", null],
  ])("%s", async (_what, respond, reason, resultCode) => {
    const { upstream, graphql } = await withEbp(respond, { EBP_TIMEOUT_MS: SHORT_MS });
    expectReason(await graphql(ORDER, { orderNo: ORDER_NO }), reason, resultCode);
    expect(upstream.requests).toHaveLength(1);
  });

  test("a refused connection", async () => {
    const replica = await service.replica({ EBP_BASE_URL: `http://127.0.0.1:${await refusedPort()}` });
    expectReason(await replica.graphql(ORDER, { orderNo: ORDER_NO }), "NOT_REACHED", null);
  });
});

test("a replica asks sixteen at once and no more, and sends cancels meanwhile", async () => {
  const held: (() => void)[] = [];
  const { upstream, graphql } = await withEbp((request, socket, count) => {
    if (request.requestLine.includes("/cancel")) socket.write(httpAnswer(200, '{"resultCode":"0"}'));
    else held.push(() => answering(request, socket, count));
  });
  const documents = Array.from({ length: 4 }, (_, n) =>
    Array.from({ length: 4 }, (__, m) => `o${m}: order(orderNo: "ORD-${n}-${m}") { ${LIVE} }`).join(" "),
  );
  const asking = documents.map((document) => graphql(`{ ${document} }`));
  await until(() => held.length === 16);
  // Both are answered while the sixteen wait.
  const { data } = await graphql(ORDER, { orderNo: ORDER_NO });
  const { cancellation } = await cancel({ ...service, graphql }, cancelInput());
  for (const answer of held) answer();

  expect(data.order).toMatchObject({ ...ANSWERED, liveStatus: { unavailable: { reason: "TOO_MANY" } } });
  expect(cancellation.status).toBe("SUCCEEDED");
  const shown = (await Promise.all(asking)).flatMap((answer) => Object.values<any>(answer.data));
  expect(shown.map(({ liveStatus }) => liveStatus.paymentStatus)).toEqual(shown.map(() => "CAPTURED"));
  expect(upstream.requests.filter(({ requestLine }) => requestLine.includes("/detail"))).toHaveLength(16);
  // Now there is room again.
  const answered = graphql(ORDER, { orderNo: ORDER_NO });
  await until(() => held.length === 17);
  held[16]?.();
  expect((await answered).data.order.liveStatus.unavailable).toBeNull();
});

test("a document may ask for four, and is refused with five before EBP is asked", async () => {
  const { upstream, graphql } = await withEbp(answering);
  const ask = (count: number): Promise<GraphQLAnswer> =>
    graphql(
      `{ ${Array.from({ length: count }, (_, n) => `o${n}: order(orderNo: "O-${n}") { ${LIVE} cancelledTotal }`).join(" ")} }`,
    );
  expect((await ask(5)).errors?.[0].extensions.code).toBe("QUERY_TOO_COMPLEX");
  expect(upstream.connections).toBe(0);
  expect((await ask(4)).errors).toBeUndefined();
  expect(upstream.requests).toHaveLength(4);
});

test("a minute's points bound how often EBP is asked for a caller", async () => {
  const { upstream, graphql } = await withEbp(answering, { RATE_LIMIT_QUERY_COST: "700" });
  const statuses: number[] = [];
  for (let n = 0; n < 5; n += 1) statuses.push((await graphql(ORDER, { orderNo: ORDER_NO })).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  expect(upstream.requests).toHaveLength(3);
});
