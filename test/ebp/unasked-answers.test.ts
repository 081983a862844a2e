import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createConnections } from "../../src/ebp/connections.js";
import { exchange } from "../../src/ebp/exchange.js";
import { readOutcome } from "../../src/ebp/outcome-table.js";
import { cancelRequest, published } from "../helpers/examples.js";
import { httpAnswer, type Upstream } from "../helpers/upstream.js";
import { OPEN_WINDOW, paymentQuestion, useEbp, type TestClient } from "../helpers/upstream-client.js";
import { startUpstreamThread, type UpstreamThread } from "../helpers/upstream-thread.js";

const ebp = useEbp();
const PATIENT_MS = 10_000;

const ACCEPTED_BODY = '{"resultCode":"0","data":{"orderNo":"ORD-1"}}';
const ACCEPTED = httpAnswer(200, ACCEPTED_BODY);
const REJECTED = httpAnswer(400, '{"resultCode":"EBP-C-0004","message":"no","requestId":"R"}');
const CLOSING = { Connection: "close" };
const LEFT_OVER: Readonly<Record<string, string | Buffer>> = {
  "a gateway's 400": httpAnswer(400, "<html>", CLOSING),
  "a gateway's 408, as for an idle connection": httpAnswer(408, "<html>", CLOSING),
  "a gateway's 400 that keeps the connection": httpAnswer(400, "<html>"),
  "EBP's rejection": REJECTED,
  "EBP's acceptance of the same order": ACCEPTED,
  "half an answer": REJECTED.subarray(0, 20),
  "a blank line": "\r\n",
  nonsense: "0\r\n\r\n",
};
const names = Object.keys(LEFT_OVER);

/** An upstream that does what the request's item says, and a client with one connection to it. */
async function createPair(connectionPerCancel = false): Promise<{
  upstream: Upstream;
  client: TestClient;
  cancel: (itemId: string) => Promise<string>;
  socket: () => Socket;
}> {
  let latest: Socket | undefined;
  const upstream = await ebp.upstream(({ body }, socket) => {
    // What is left over would else be held back until the next request acknowledges the answer, and come after it.
    latest = socket.setNoDelay(true);
    const [, verdict, extra = ""] = /"itemId":"(move|refuse)[^"+]*\+?([^"]*)"/u.exec(body.toString()) ?? [];
    socket.write(
      Buffer.concat([verdict === "refuse" ? REJECTED : ACCEPTED, Buffer.from(LEFT_OVER[extra] ?? "")]),
    );
  });
  const client = ebp.client(upstream.url, { connectionsPerOrigin: 1, connectionPerCancel });
  const cancel = async (itemId: string): Promise<string> => {
    const items = cancelRequest().items.map((item) => ({ ...item, itemId }));
    return (await client.cancel(cancelRequest({ items }), "en")).outcome.kind;
  };
  const socket = (): Socket => {
    if (latest === undefined) throw new Error("no cancel has come");
    return latest;
  };
  return { upstream, client, cancel, socket };
}

test.each<[string, (socket: Socket) => void]>([
  ...names.map((name): [string, (socket: Socket) => void] => [
    `${name} lies there unread in the very moment it would be written`,
    (socket) => socket.write(LEFT_OVER[name] ?? ""),
  ]),
  ["the other side has hung up by then", (socket) => socket.destroy()],
])("a cancel over a used connection is sent over another, once, when %s", async (_when, spoil) => {
  const { upstream, cancel, socket } = await createPair();
  expect(await cancel("move")).toBe("accepted");
  await turns(2);
  // In the turn of the event loop in which the cancel is written, just before it.
  setImmediate(() => spoil(socket()));
  expect(await cancel("refuse")).toBe("rejected");
  expect(upstream.requests).toHaveLength(2);
  expect(upstream.connections).toBe(2);
});

test("a question about a payment is not answered by what was left over either", async () => {
  const { upstream, client, cancel, socket } = await createPair();
  await cancel("move");
  await turns(2);
  setImmediate(() => socket().write(httpAnswer(400, "<html>left over")));
  const { evidence } = await client.lookup(paymentQuestion());
  expect(evidence.rawAnswer).toContain("ORD-1");
  expect(upstream.requests).toHaveLength(2);
});

interface Step {
  readonly verdict: "move" | "refuse";
  /** Sent with the answer, in one piece. */
  readonly behind: string;
  /** Sent so many turns of the event loop after the answer, and so many before the next cancel. */
  readonly idle: { readonly what: string; readonly after: number; readonly before: number };
  /** Sent in the turn in which the next cancel is to be written. */
  readonly last: string;
}

const leftOver = fc.constantFrom("", ...names);
const step: fc.Arbitrary<Step> = fc.record({
  verdict: fc.constantFrom("move", "refuse"),
  behind: leftOver,
  idle: fc.record({ what: leftOver, after: fc.nat(3), before: fc.nat(3) }),
  last: leftOver,
});

test("whatever is left over, whenever before a cancel it comes, each cancel is sent once and gets its own answer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
      const { upstream, client, cancel, socket } = await createPair();
      for (const [index, { verdict, behind, idle, last }] of steps.entries()) {
        const kind = await cancel(`${verdict}-${index}+${behind}`);
        expect(kind).toBe(verdict === "move" ? "accepted" : "rejected");
        expect(upstream.requests).toHaveLength(index + 1);
        await turns(idle.after);
        leave(socket(), idle.what);
        await turns(idle.before);
        setImmediate(() => leave(socket(), last));
      }
      await client.close();
      await upstream.close();
    }),
    { numRuns: 25 },
  );
});

/** More than the sockets of both sides hold. */
const LARGE_BODY = Buffer.alloc(64 * 1024 * 1024);
let connections = createConnections({});
let server = createServer();
afterEach(async () => {
  await connections.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test.each([
  "a gateway's 400 that keeps the connection",
  "EBP's rejection",
  "EBP's acceptance of the same order",
])(
  "%s that comes in the middle of the request proves nothing, and its connection is not used again",
  async (name) => {
    connections = createConnections({ connections: 1 });
    let received = 0;
    let accepted = 0;
    server = createServer((socket) => {
      accepted += 1;
      socket.on("error", () => undefined);
      socket.once("data", () => socket.write(LEFT_OVER[name] ?? ""));
      socket.on("data", (bytes) => {
        received += bytes.byteLength;
        if (accepted > 1) socket.write(ACCEPTED);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const post = { origin, path: "/", method: "POST" } as const;

    const happened = await exchange(connections, { ...post, body: LARGE_BODY }, PATIENT_MS, OPEN_WINDOW);
    expect(happened.end).toBe("early");
    expect(readOutcome(happened, cancelRequest())).toMatchObject({
      kind: "unknown",
      evidence: { basis: expect.stringContaining("before the request had left whole") },
    });
    expect(received).toBeLessThan(LARGE_BODY.byteLength);
    await exchange(connections, { ...post, body: "x" }, PATIENT_MS, OPEN_WINDOW);
    expect(accepted).toBe(2);
  },
);

/** TLS with a key that both sides know, so that no certificate is needed. */
const SHARED_KEY = { identity: "test", psk: Buffer.alloc(32, 7) };
const TLS = {
  ciphers: "PSK-AES128-GCM-SHA256",
  pskCallback: () => SHARED_KEY,
  checkServerIdentity: () => undefined,
  maxVersion: "TLSv1.2",
} as const;

test("over TLS an answer that comes at once is still one to the request, and what is left over is noticed too", async () => {
  const END = "$";
  const sockets: Socket[] = [];
  server = createTlsServer({ ...TLS, pskCallback: () => SHARED_KEY.psk, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      if (bytes.includes(END)) socket.write(REJECTED);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connections = createConnections({ connections: 1, connect: TLS });
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const request = { origin, path: "/", method: "POST", body: "x".repeat(60_000) + END } as const;
  const cancel = () => exchange(connections, request, PATIENT_MS, OPEN_WINDOW);

  for (let count = 0; count < 30; count += 1) {
    expect(await cancel()).toMatchObject({ end: "complete", httpStatus: 400 });
  }
  expect(sockets).toHaveLength(1);

  await turns(2);
  setImmediate(() => sockets[0]?.write(ACCEPTED));
  expect(await cancel()).toMatchObject({ end: "complete", httpStatus: 400 });
  expect(sockets).toHaveLength(2);
});

test("each cancel has a connection to itself where that is asked for; questions share one", async () => {
  const { upstream, client, cancel } = await createPair(true);
  for (const verdict of ["move", "refuse", "move"]) {
    expect(await cancel(`${verdict}+EBP's rejection`)).toBe(verdict === "move" ? "accepted" : "rejected");
  }
  expect(upstream.connections).toBe(3);
  expect(upstream.requests.map(({ headers }) => headers["connection"])).toEqual(["close", "close", "close"]);
  for (let count = 0; count < 3; count += 1) await client.lookup(paymentQuestion());
  expect(upstream.connections).toBe(4);
  expect(upstream.requests).toHaveLength(6);
});

/** At once: what is written behind an empty write waits for a turn of the event loop. */
function leave(socket: Socket, what: string): void {
  const bytes = LEFT_OVER[what];
  if (bytes !== undefined) socket.write(bytes);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const TIMEOUT_MS = 200;
/** No answer of EBP, and no refusal that is believed of a gateway either unless it is one to this request. */
const IDLE_REFUSAL = httpAnswer(400, "<html>idle for too long</html>");

let thread: UpstreamThread | undefined;
afterEach(() => thread?.close());

/** Resolves once the kernel has been told to connect, and before the process has heard that it has. */
function connecting(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

test.each([
  ["a short answer", ACCEPTED_BODY],
  ["the largest answer of 500 lines", ACCEPTED_BODY.padEnd(100_000)],
])("a process that stands still across the time-out finds %s that came meanwhile", async (_what, body) => {
  thread = await startUpstreamThread({ answer: httpAnswer(200, body) });
  const begun = performance.now();
  const cancelling = ebp.client(thread.url, { timeoutMs: TIMEOUT_MS }).cancel(cancelRequest(), "en");
  await thread.received();
  thread.standStill(begun + TIMEOUT_MS + 1);
  expect((await cancelling).outcome.kind).toBe("accepted");
});

test("an answer of which half has come by then leaves the outcome unknown", async () => {
  const answer = httpAnswer(200, published("item-unit.response"));
  thread = await startUpstreamThread({ answer: answer.subarray(0, answer.length / 2) });
  const begun = performance.now();
  const cancelling = ebp.client(thread.url, { timeoutMs: TIMEOUT_MS }).cancel(cancelRequest(), "en");
  await thread.received();
  thread.standStill(begun + TIMEOUT_MS + 1);
  const { outcome } = await cancelling;
  expect(outcome).toMatchObject({
    kind: "unknown",
    evidence: { httpStatus: 200, basis: expect.stringContaining("in time") },
  });
});

test("a process that stands still while it connects, across the time-out, sends nothing any more", async () => {
  thread = await startUpstreamThread({ greeting: IDLE_REFUSAL });
  const begun = performance.now();
  const cancelling = ebp.client(thread.url, { timeoutMs: TIMEOUT_MS }).cancel(cancelRequest(), "en");
  await connecting();
  thread.standStill(begun + TIMEOUT_MS + 1);
  expect(await cancelling).toMatchObject({ outcome: { kind: "notSent" }, sentAgoMs: null });
  expect(thread.bytesReceived).toBe(0);
});

test("a cancel is not written to a connection on which the other side has spoken first", async () => {
  thread = await startUpstreamThread({ greeting: IDLE_REFUSAL });
  const cancelling = ebp.client(thread.url).cancel(cancelRequest(), "en");
  await connecting();
  thread.standStill(0);
  expect(await cancelling).toMatchObject({
    outcome: { kind: "notSent", failure: { cause: "NOT_CONNECTED" } },
    sentAgoMs: null,
  });
  expect(thread.bytesReceived).toBe(0);
});
