import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

/** So many of a caller's requests are read and refused in a minute. */
const MOST = 300;
const world = useTwoStores(undefined, { RATE_LIMIT_MUTATIONS: "2" });

type Headers = Readonly<Record<string, string>>;

const JSON_TYPE = { "content-type": "application/json" };
const LIVE = "/graphql/stream";
const CSV = "/exports/cancellations.csv?limit=0";
/** A request that is right as it is, but for its length. */
const LARGE = JSON.stringify({
  query: CANCEL,
  variables: { input: cancelInput({ note: "n".repeat(95_000) }) },
});
const SMALL = JSON.stringify({ query: CANCEL, variables: { input: cancelInput() } });

const post = (path: string, headers: Headers, body: string): Promise<Response> =>
  fetch(world.service.url + path, { method: "POST", headers, body });
const graphql = (more: Headers, body: string) => (headers: Headers) =>
  post("/graphql", { ...JSON_TYPE, ...headers, ...more }, body);
const live = (more: Headers, body: string) => (headers: Headers) =>
  post(LIVE, { ...JSON_TYPE, accept: "text/event-stream", ...headers, ...more }, body);

async function expectBarred(answer: Response): Promise<void> {
  expect(answer.status).toBe(429);
  const { errors } = (await answer.json()) as { errors: any[] };
  const { retryAfterSeconds } = errors[0].extensions;
  expect(errors).toEqual([
    {
      message: `Too many requests of this caller were refused: nothing more is read for ${retryAfterSeconds} s. This call did nothing; an earlier one with the same idempotency key may have.`,
      extensions: { code: "RATE_LIMITED", retryAfterSeconds: expect.any(Number) },
    },
  ]);
  expect(answer.headers.get("retry-after")).toBe(String(retryAfterSeconds));
}

/** Requests that are refused for what they are. */
const BROKEN: readonly (readonly [status: number, ask: (headers: Headers) => Promise<Response>])[] = [
  [400, graphql({}, "{")],
  [400, graphql({}, "")],
  [400, graphql({}, "[]")],
  // Variables of a wrong type.
  [400, graphql({}, JSON.stringify({ query: "query ($id: ID!) { cancellation(id: $id) { id } }" }))],
  [415, graphql({ "content-type": "application/xml" }, SMALL)],
  // What a form could send from another site.
  [400, graphql({ "content-type": "text/plain" }, SMALL)],
  [413, graphql({}, "x".repeat(100_001))],
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

describe("a caller is barred after 300 requests in a minute", () => {
  test("that were broken, each in whatever way", async () => {
    const headers = await world.bearer("broken");
    for (let i = 0; i < MOST; i += 1) {
      const [status, ask] = BROKEN[i % BROKEN.length] ?? [0, graphql({}, "")];
      expect([i, (await ask(headers)).status]).toEqual([i, status]);
    }
    for (const [, ask] of BROKEN) await expectBarred(await ask(headers));
  });

  test("that came too often, and were long", async () => {
    const headers = await world.bearer("too often and too long");
    for (let i = 0; i < MOST + 2; i += 1) {
      const answer = await graphql({}, LARGE)(headers);
      expect([answer.status, await answer.text()]).toEqual(
        i < 2 ? [200, expect.any(String)] : [429, expect.stringContaining("mutations a minute per caller")],
      );
    }
    await expectBarred(await graphql({}, LARGE)(headers));
  });
});

describe("what a barred caller asks for", () => {
  async function barred(name: string): Promise<Headers> {
    const headers = await world.bearer(name);
    for (let i = 0; i < MOST; i += 1) await graphql({}, "{")(headers);
    return headers;
  }

  test("is refused everywhere, however right it is; others are served", async () => {
    const headers = await barred("barred everywhere");
    await expectBarred(await graphql({}, SMALL)(headers));
    await expectBarred(await live({}, SMALL)(headers));
    await expectBarred(await fetch(world.service.url + CSV, { headers }));
    expect((await graphql({}, SMALL)(await world.bearer("not barred"))).status).toBe(200);
  });

  test("is refused before any of its body is read", async () => {
    const { authorization = "" } = await barred("barred, and large");
    for (const path of ["/graphql", LIVE]) {
      let received = "";
      const socket = connect(Number(new URL(world.service.url).port), "127.0.0.1");
      socket.setEncoding("utf8").on("data", (data) => (received += String(data)));
      // Nothing of the body comes: whoever waits for it does not answer before a time-out.
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 98000\r\n\r\n`,
      );
      await once(socket, "close");
      expect(received).toMatch(/^HTTP\/1\.1 429 /u);
      expect(received).toMatch(/\r\nretry-after: \d+\r\n/u);
      expect(received).toMatch(/\r\nconnection: close\r\n/u);
    }
  });

  test("is counted in the metrics", async () => {
    const counted = async (): Promise<number> => {
      const text = await (await fetch(`${world.service.url}/metrics`)).text();
      return Number(/^ebp_rate_limited_total\{what="refusal"\} (\d+)$/mu.exec(text)?.[1]);
    };
    const headers = await barred("barred, and counted");
    const before = await counted();
    await graphql({}, SMALL)(headers);
    expect(await counted()).toBe(before + 1);
  });
});
