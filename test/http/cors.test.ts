import { describe, expect, test } from "@jest/globals";
import { addLoadShedding } from "../../src/http/admission.js";
import { addCors } from "../../src/http/cors.js";
import { createHttpServer } from "../../src/http/server.js";
import { until } from "../helpers/gate.js";
import { useFollow } from "../helpers/live.js";
import { cancel, CANCEL, cancelInput } from "../helpers/operations.js";
import { WEBHOOK_SECRET } from "../helpers/service.js";
import { useReleases } from "../helpers/started.js";
import { useTwoStores } from "../helpers/two-stores.js";

/** Messages are in the caller's language in any case. */
const BY_ORIGIN = "accept-language, Origin";

const SHOP = "https://shop.example";
const DESK = "http://localhost:5173";
const CSV = "/exports/cancellations.csv";
const NDJSON = "/exports/cancellations.ndjson";
const CALLED = ["/graphql", "/graphql/stream", CSV, NDJSON];

const world = useTwoStores(undefined, {
  CORS_ORIGINS: `${SHOP}, ${DESK}`,
  RATE_LIMIT_MUTATIONS: "2",
  EBP_WEBHOOK_SECRET: WEBHOOK_SECRET,
});
const follow = useFollow();
const atEnd = useReleases();

type Sent = Record<string, string>;

function ask(path: string, headers: Sent, init: RequestInit = {}): Promise<Response> {
  return fetch(world.service.url + path, { ...init, headers });
}

function preflight(path: string, origin = SHOP, method = "POST"): Promise<Response> {
  const headers = {
    origin,
    "access-control-request-method": method,
    "access-control-request-headers": "accept-language,authorization,content-type",
  };
  return ask(path, headers, { method: "OPTIONS" });
}

const postJson = (path: string, headers: Sent, body: string): Promise<Response> =>
  ask(path, { "content-type": "application/json", ...headers }, { method: "POST", body });

/** The headers that tell a browser what a page may do. */
function corsOf({ headers }: { readonly headers: Headers }): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
}

const EXPOSED = "content-disposition, content-language, retry-after, x-request-id";
const readable = (origin: string): object => ({
  "access-control-allow-origin": origin,
  "access-control-expose-headers": EXPOSED,
});

function expectReadable(answer: { readonly headers: Headers }, origin = SHOP): void {
  expect(corsOf(answer)).toEqual(readable(origin));
  expect(answer.headers.get("vary")).toBe(BY_ORIGIN);
}

describe("a preflight", () => {
  test.each(CALLED)("to %s is answered without a token", async (path) => {
    for (const origin of [SHOP, DESK]) {
      const answer = await preflight(path, origin);
      expect([answer.status, await answer.text()]).toEqual([204, ""]);
      expect(corsOf(answer)).toEqual({
        ...readable(origin),
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers":
          "accept, accept-language, authorization, content-type, apollo-require-preflight, x-apollo-operation-name, apollographql-client-name, apollographql-client-version, x-request-id",
        "access-control-max-age": "7200",
      });
      expect(answer.headers.get("vary")).toBe(BY_ORIGIN);
    }
  });

  test.each([
    "https://evil.example",
    "http://shop.example",
    "https://shop.example.evil.example",
    "https://shop.example:8443",
    "null",
  ])("of %s allows no origin, and says that another may get another answer", async (origin) => {
    for (const path of CALLED) {
      const { headers } = await preflight(path, origin);
      expect([headers.get("access-control-allow-origin"), headers.get("vary")]).toEqual([null, BY_ORIGIN]);
    }
  });

  test.each(["/livez", "/readyz", "/metrics", "/webhooks/ebp", "/", "/nope"])(
    "to %s is refused as any other method that it does not have",
    async (path) => {
      const answer = await preflight(path);
      expect([404, 405]).toContain(answer.status);
      expect(corsOf(answer)).toEqual({});
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: {} }] });
    },
  );

  test("without an origin changes nothing and tells nothing", async () => {
    const answer = await ask("/graphql", {}, { method: "OPTIONS" });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, null]);
  });
});

describe("a page may read", () => {
  test("an answer, and a cancel made from it", async () => {
    const bearer = await world.bearer("reader");
    const query = await ask("/graphql?query={__typename}", { ...bearer, origin: SHOP });
    expect([query.status, await query.json()]).toMatchObject([200, { data: { __typename: "Query" } }]);
    expectReadable(query);
    const body = JSON.stringify({ query: CANCEL, variables: { input: cancelInput() } });
    const answer = await postJson("/graphql", { ...bearer, origin: DESK }, body);
    expect(await answer.json()).toMatchObject({
      data: { cancelPayment: { cancellation: { status: "SUCCEEDED" } } },
    });
    expectReadable(answer, DESK);
  });

  test.each<[number, string, (bearer: Sent) => Promise<Response>]>([
    [400, "/graphql", (bearer) => postJson("/graphql", bearer, "{")],
    [401, "/graphql", () => postJson("/graphql", { origin: SHOP }, "{}")],
    [401, "/graphql/stream", () => postJson("/graphql/stream", { origin: SHOP }, "{}")],
    [401, CSV, () => ask(CSV, { origin: SHOP })],
    [406, "/graphql/stream", (bearer) => postJson("/graphql/stream", { ...bearer, accept: "a/b" }, "{}")],
    [413, "/graphql", (bearer) => postJson("/graphql", bearer, " ".repeat(1_000_001))],
    [415, "/graphql", (bearer) => postJson("/graphql", { ...bearer, "content-type": "a/b" }, "{}")],
    [400, NDJSON, (bearer) => ask(`${NDJSON}?orderNo=%zz`, bearer)],
    [405, "/graphql", (bearer) => ask("/graphql", bearer, { method: "PUT" })],
  ])("a refusal with %i of %s", async (status, _path, refused) => {
    const answer = await refused({ ...(await world.bearer("refused")), origin: SHOP });
    expect(answer.status).toBe(status);
    expectReadable(answer);
  });

  test("that it asks too often, and when to come again", async () => {
    const bearer = { ...(await world.bearer("busy")), origin: SHOP };
    const once = (): Promise<Response> =>
      postJson("/graphql", bearer, JSON.stringify({ query: CANCEL, variables: { input: cancelInput() } }));
    const answers = [await once(), await once(), await once()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    for (const answer of answers) expectReadable(answer);
    expect(answers[2]?.headers.get("retry-after")).toMatch(/^\d+$/u);
  });

  test("that there is too much to do, which is said before anything else of the request is looked at", async () => {
    const app = createHttpServer({ logLevel: "silent" });
    atEnd(() => app.close());
    await addCors(app, { origins: [SHOP], routes: ["/graphql"] });
    const isLate = addLoadShedding(app, { routes: ["/graphql"], maxDelayMs: 1, onShed: () => undefined });
    app.post("/graphql", () => ({}));
    await app.ready();
    // Keeps the event loop as busy as more work than it can do would.
    let busy = true;
    function turn(): void {
      const end = performance.now() + 50;
      while (performance.now() < end);
      if (busy) setImmediate(turn);
    }
    turn();
    await until(isLate);
    const { statusCode, headers } = await app.inject({
      method: "POST",
      url: "/graphql",
      headers: { origin: SHOP },
    });
    busy = false;
    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({ ...readable(SHOP), vary: BY_ORIGIN, "retry-after": "1" });
  });

  test("a stream of events", async () => {
    const bearer = await world.bearer("follower");
    const stream = await follow(world.service, { orderNo: "ORD-CORS" }, { ...bearer, origin: SHOP });
    expectReadable(stream);
    await cancel(world.service, cancelInput({ orderNo: "ORD-CORS" }), bearer);
    expect(await stream.change()).toMatchObject({ orderNo: "ORD-CORS" });
  });

  test.each([CSV, NDJSON])("a whole export: %s", async (path) => {
    const bearer = await world.bearer(`exporter of ${path}`);
    const answer = await ask(path, { ...bearer, origin: SHOP });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment/u);
    expectReadable(answer);
    await answer.text();
  });
});

test("another page, or no page, gets the same answers, which a browser keeps from it", async () => {
  const bearer = await world.bearer("elsewhere");
  for (const origin of [{}, { origin: "https://evil.example" }, { origin: "null" }])
    for (const path of ["/graphql?query={__typename}", `${CSV}?limit=1`]) {
      const answer = await ask(path, { ...bearer, ...(origin as Sent) });
      await answer.text();
      expect([answer.status, answer.headers.get("vary")]).toEqual([200, BY_ORIGIN]);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
});

test.each(["/", "/livez", "/readyz", "/metrics"])("%s is not for other pages", async (path) => {
  const answer = await ask(path, { origin: SHOP });
  expect([answer.status, corsOf(answer), answer.headers.get("vary")]).toEqual([200, {}, "accept-language"]);
});

test("a webhook is not for other pages", async () => {
  const answer = await postJson("/webhooks/ebp", { origin: SHOP }, "{}");
  expect([answer.status, corsOf(answer), answer.headers.get("vary")]).toEqual([401, {}, "accept-language"]);
});

test("no answer lets a page send cookies", async () => {
  for (const answer of [await preflight("/graphql"), await ask("/graphql", { origin: SHOP })])
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
});

test("with `*`, any page may call", async () => {
  const { url } = await world.service.replica({ CORS_ORIGINS: "*" });
  const answer = await fetch(`${url}/graphql`, { headers: { origin: "https://any.example" } });
  expect(corsOf(answer)).toEqual(readable("*"));
});

test("with nothing set, no page may", async () => {
  const { url } = await world.service.replica({ CORS_ORIGINS: "" });
  const headers = { origin: SHOP, "access-control-request-method": "POST" };
  const refused = await fetch(`${url}/graphql`, { method: "OPTIONS", headers });
  expect([refused.status, corsOf(refused), refused.headers.get("vary")]).toEqual([
    405,
    {},
    "accept-language",
  ]);
  const answer = await fetch(`${url}/graphql`, { headers });
  expect([corsOf(answer), answer.headers.get("vary")]).toEqual([{}, "accept-language"]);
});
