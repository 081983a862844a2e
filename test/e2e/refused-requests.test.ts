import { once } from "node:events";
import { connect } from "node:net";
import { beforeAll, expect, test } from "@jest/globals";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

/** So many of a caller's requests are read and refused in a minute. */
const MOST = 300;
const AT_ONCE = 20;
const world = useTwoStores(undefined, { RATE_LIMIT_MUTATIONS: "2" });

type Headers = Readonly<Record<string, string>>;
type Ask = (headers: Headers) => Promise<Response>;

const JSON_TYPE = { "content-type": "application/json" };
const LIVE = "/graphql/stream";
const CSV = "/exports/cancellations.csv?limit=0";
const SMALL = JSON.stringify({ query: CANCEL, variables: { input: cancelInput() } });
/** A request that is right as it is, but for its length. */
const LARGE = JSON.stringify({
  query: CANCEL,
  variables: { input: cancelInput({ note: "n".repeat(10_000) }) },
});

const post = (path: string, headers: Headers, body: string): Promise<Response> =>
  fetch(world.service.url + path, { method: "POST", headers, body });
const graphql =
  (more: Headers, body: string): Ask =>
  (headers) =>
    post("/graphql", { ...JSON_TYPE, ...headers, ...more }, body);
const live =
  (more: Headers, body: string): Ask =>
  (headers) =>
    post(LIVE, { ...JSON_TYPE, accept: "text/event-stream", ...headers, ...more }, body);
const query = (text: string): Ask => graphql({}, JSON.stringify({ query: text }));

/** Requests that are refused for what they are. */
const BROKEN: readonly (readonly [status: number, ask: Ask])[] = [
  [400, graphql({}, "{")],
  [400, graphql({}, "[]")],
  [400, query("{")],
  [400, query("{ nothing }")],
  [400, query(`{ ${"x: __typename ".repeat(16)} }`)],
  // Variables of a wrong type.
  [400, query("query ($id: ID!) { cancellation(id: $id) { id } }")],
  [415, graphql({ "content-type": "application/xml" }, SMALL)],
  // What a form could send from another site.
  [415, graphql({ "content-type": "text/plain" }, SMALL)],
  [413, graphql({}, "x".repeat(1_000_001))],
  [406, graphql({ accept: "text/html" }, SMALL)],
  // A mutation by GET.
  [
    405,
    (headers) =>
      fetch(`${world.service.url}/graphql?query=mutation{__typename}`, {
        headers: { ...JSON_TYPE, ...headers },
      }),
  ],
  [400, live({}, "{")],
  [415, live({ "content-type": "application/xml" }, SMALL)],
  [406, live({ accept: "application/json" }, SMALL)],
  [400, (headers) => fetch(world.service.url + CSV, { headers })],
];

async function expectBarred(answer: Response): Promise<void> {
  expect(answer.status).toBe(429);
  const { errors } = (await answer.json()) as { errors: any[] };
  const { retryAfterSeconds } = errors[0].extensions;
  expect(errors).toEqual([
    {
      message: `Too many of your requests were refused, so none is read for ${retryAfterSeconds} s. This call did nothing; an earlier one with the same idempotency key may have.`,
      extensions: { code: "RATE_LIMITED", retryAfterSeconds: expect.any(Number) },
    },
  ]);
  expect(answer.headers.get("retry-after")).toBe(String(retryAfterSeconds));
}

async function ask(count: number, each: (index: number) => Promise<void>): Promise<void> {
  const indexes = Array(count).keys();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const index of indexes) await each(index);
    }),
  );
}

/** One who has sent 300 broken requests, each in whatever way. */
let barred: Record<string, string>;
beforeAll(async () => {
  barred = await world.bearer("barred");
  await ask(MOST, async (index) => {
    const [status, send] = BROKEN[index % BROKEN.length] ?? [0, graphql({}, "")];
    expect([index, (await send(barred)).status]).toEqual([index, status]);
  });
});

test("a caller is barred after 300 broken requests in a minute, everywhere, however right the next one is; others are served", async () => {
  for (const [, send] of BROKEN) await expectBarred(await send(barred));
  await expectBarred(await graphql({}, SMALL)(barred));
  await expectBarred(await live({}, SMALL)(barred));
  await expectBarred(await fetch(world.service.url + CSV, { headers: barred }));
  expect((await graphql({}, SMALL)(await world.bearer("not barred"))).status).toBe(200);
});

test("requests that come too often count as broken when they are long, and do not when they are short", async () => {
  for (const [name, body, status] of [
    ["too often and too long", LARGE, 429],
    ["too often", SMALL, 200],
  ] as const) {
    const headers = await world.bearer(name, ["SIM-KR", "SIM-TWO"]);
    const of = (storeId: string): string => body.replace('"input":{', `"input":{"storeId":"${storeId}",`);
    const statuses: number[] = [];
    await ask(MOST + 2, async () => {
      const answer = await graphql({}, of("SIM-KR"))(headers);
      statuses.push(answer.status);
      if (answer.status !== 200)
        expect(await answer.text()).toContain("mutations a minute, and this counts as");
    });
    expect(statuses.filter((one) => one === 200)).toHaveLength(2);
    expect((await graphql({}, of("SIM-TWO"))(headers)).status).toBe(status);
  }
});

test("a request of a barred caller is refused before any of its body is read", async () => {
  for (const path of ["/graphql", LIVE]) {
    let received = "";
    const socket = connect(Number(new URL(world.service.url).port), "127.0.0.1");
    socket.setEncoding("utf8").on("data", (data) => (received += String(data)));
    // Nothing of the body comes: whoever waits for it does not answer before a time-out.
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${barred["authorization"] ?? ""}\r\nContent-Type: application/json\r\nContent-Length: 98000\r\n\r\n`,
    );
    await once(socket, "close");
    expect(received).toMatch(/^HTTP\/1\.1 429 /u);
    expect(received).toMatch(/\r\nretry-after: \d+\r\n/u);
    expect(received).toMatch(/\r\nconnection: close\r\n/u);
  }
});

test("a request of a barred caller is counted in the metrics", async () => {
  const counted = async (): Promise<number> => {
    const text = await (await fetch(`${world.service.url}/metrics`)).text();
    return Number(/^ebp_rate_limited_total\{what="refusal"\} (\d+)$/mu.exec(text)?.[1]);
  };
  const before = await counted();
  await graphql({}, SMALL)(barred);
  expect(await counted()).toBe(before + 1);
});
