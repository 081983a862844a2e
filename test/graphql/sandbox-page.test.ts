import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { useService } from "../helpers/service.js";

const APOLLO = "https://sandbox.embed.apollographql.com";

const service = useService();

interface OpenPage {
  /** What the page is shown as. */
  readonly body: { className: string };
  readonly frame: { src: string; readonly contentWindow: object };
  /** The frame says this to the page, or somebody else does. */
  readonly say: (data: unknown, from?: { origin?: string; source?: object }) => void;
  /** The next message that the page sends to the frame. */
  readonly heard: () => Promise<any>;
  /** How many messages came that nobody has asked for yet. */
  readonly unheard: () => number;
  /** Where the page has sent the browser. */
  readonly wentTo: readonly string[];
  /** Lets so much time pass. */
  readonly pass: (ms: number) => void;
}

/** The page's script, run as a browser does, with as much of a document as it touches. What it fetches comes from the service. */
async function open({ apolloAnswers = true } = {}): Promise<OpenPage> {
  const page = await (await fetch(`${service.url}/`)).text();
  const script = /<script[^>]*>(?<code>.*)<\/script>/su.exec(page)?.groups?.["code"] ?? "";
  const messages: unknown[] = [];
  const waiting: ((message: unknown) => void)[] = [];
  const contentWindow = {
    postMessage(message: unknown, origin: string) {
      if (origin !== APOLLO) throw new Error(`a message for ${origin}`);
      const next = waiting.shift();
      if (next === undefined) messages.push(message);
      else next(message);
    },
  };
  const frame = { src: "", contentWindow };
  const body = { className: "" };
  let listener: (event: object) => void = () => undefined;
  const wentTo: string[] = [];
  const timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const window = {
    location: { href: `${service.url}/`, replace: (address: string) => void wentTo.push(address) },
    addEventListener: (_type: string, added: typeof listener) => (listener = added),
  };
  const document = { body, getElementById: () => frame };
  const fetchHere: typeof fetch = (address, init) => {
    if (address !== APOLLO) return fetch(address, init);
    return apolloAnswers ? Promise.resolve(new Response()) : new Promise(() => undefined);
  };
  const setTimeout = (run: () => void, atMs: number): void => void timers.push({ atMs, run });
  runInNewContext(script, { window, document, fetch: fetchHere, Headers, setTimeout });
  // What Apollo's servers answer has come.
  await Promise.resolve();
  return {
    body,
    frame,
    say: (data, { origin = APOLLO, source = contentWindow } = {}) => listener({ origin, source, data }),
    heard: () =>
      new Promise((resolve) => {
        if (messages.length > 0) resolve(messages.shift());
        else waiting.push(resolve);
      }),
    unheard: () => messages.length,
    wentTo,
    pass: (ms) => {
      for (const { atMs, run } of timers) if (atMs <= ms) run();
    },
  };
}

test("the page frames Apollo Sandbox for this service's endpoint, a mutation filled in", async () => {
  const { frame } = await open();
  const { origin, pathname, searchParams } = new URL(frame.src);
  expect([origin, pathname]).toEqual([APOLLO, "/sandbox/explorer"]);
  expect(searchParams.get("endpoint")).toBe(`${service.url}/graphql`);
  expect(searchParams.get("defaultDocument")).toContain("cancelPayment(input: {");
  expect(searchParams.get("runTelemetry")).toBe("false");
});

test("Sandbox reads the schema through the page", async () => {
  const { say, heard } = await open();
  const query = "query Schema { __schema { queryType { name } } }";
  say({
    name: "IntrospectionQueryWithHeaders",
    introspectionRequestBody: JSON.stringify({ query, operationName: "Schema" }),
    introspectionRequestHeaders: {},
    sandboxEndpointUrl: `${service.url}/graphql`,
    operationId: "1",
  });
  expect(await heard()).toEqual({
    name: "SchemaResponse",
    schema: { __schema: { queryType: { name: "Query" } } },
    operationId: "1",
  });
});

test("Sandbox runs an operation on this service alone through the page, and is told of mistakes", async () => {
  const { say, heard } = await open();
  const operation = "query Named($first: Int) { cancellations(first: $first) { totalCount } }";
  const request = { name: "ExplorerRequest", operation, operationName: "Named", operationId: "2" };
  // The page sends it to this service, whatever address the frame names.
  const headers = { "Content-Type": "application/json" };
  say({ ...request, variables: { first: 1 }, headers, endpointUrl: "http://127.0.0.1:1/graphql" });
  expect(await heard()).toEqual({
    name: "ExplorerResponse",
    operationId: "2",
    response: {
      data: { cancellations: { totalCount: 0 } },
      extensions: { cost: expect.any(Number) },
      status: 200,
      headers: expect.objectContaining({ "content-type": expect.stringContaining("json") }),
      hasNext: false,
    },
  });
  say({ ...request, variables: { first: "one" } });
  const { response } = await heard();
  expect(response.errors).toHaveLength(1);
});

test("the page shows Sandbox once it answers, and does nothing for anybody but the frame", async () => {
  const { say, heard, unheard, body } = await open();
  const handshake = { name: "ExplorerListeningForHandshake" };
  say(handshake, { origin: "https://evil.example.com" });
  say(handshake, { origin: "null" });
  say(handshake, { source: {} });
  for (const data of [null, undefined, "ExplorerRequest", 7, {}]) say(data);
  expect([unheard(), body.className]).toEqual([0, ""]);
  say(handshake);
  expect(await heard()).toEqual({ name: "HandshakeResponse", parentHref: `${service.url}/` });
  expect(body.className).toBe("loaded");
});

test("where Apollo's servers do not answer within 3 s, the page goes to GraphiQL", async () => {
  const { pass, wentTo } = await open({ apolloAnswers: false });
  pass(2_999);
  expect(wentTo).toEqual([]);
  pass(3_000);
  expect(wentTo).toEqual(["/?graphiql"]);
});

test("where they answer, Sandbox has 15 s to load", async () => {
  const { pass, wentTo } = await open();
  pass(14_999);
  expect(wentTo).toEqual([]);
  pass(15_000);
  expect(wentTo).toEqual(["/?graphiql"]);
});

test("the page stays with Sandbox once that has loaded", async () => {
  for (const apolloAnswers of [true, false]) {
    const { say, pass, wentTo } = await open({ apolloAnswers });
    say({ name: "ExplorerListeningForHandshake" });
    pass(60_000);
    expect(wentTo).toEqual([]);
  }
});
