import { once } from "node:events";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { FastifyInstance } from "fastify";
import { createHttpServer } from "../../src/http/server.js";
import { TIME_LIMITS, type TimeLimits } from "../../src/http/connections.js";
import { createGate, type Gate } from "../helpers/gate.js";
import { openClient, type Client } from "../helpers/raw-http.js";

/** Long, save those that a test is about. */
const LONG: TimeLimits = {
  headersMs: 60_000,
  requestMs: 60_000,
  keepAliveMs: 60_000,
  idleMs: 60_000,
  checkEveryMs: 10,
};
/** Tiny: nobody keeps to them. */
const TINY = { headersMs: 40, requestMs: 80 };
/** Short, and long enough for a client of this process to send a whole request, however busy the machine is. */
const SHORT = { headersMs: 300, requestMs: 300 };
/** The most that EBP_TIMEOUT_MS can be, and what a repeated request waits on top of it. */
const LONGEST_ANSWER_MS = 122_000;

const releases: (() => unknown)[] = [];
let gate: Gate;
beforeEach(() => {
  gate = createGate();
});
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

async function serve(limits: Partial<TimeLimits>): Promise<FastifyInstance> {
  const app = createHttpServer({ logLevel: "silent", timeLimits: { ...LONG, ...limits } });
  releases.push(() => app.close());
  app.get("/", async () => {
    await gate.pass();
    return { answered: true };
  });
  app.post("/", ({ body }) => ({ body }));
  app.get("/endless", (_request, reply) =>
    reply.send(
      new Readable({
        read() {
          this.push(Buffer.alloc(65_536));
        },
      }),
    ),
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  return app;
}

async function open(app: FastifyInstance): Promise<Client> {
  const client = await openClient(app.server);
  releases.push(() => client.socket.destroy());
  return client;
}

/** Sends a piece every few milliseconds, for ever. */
function trickle({ socket }: Client, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 5);
  socket.on("close", () => clearInterval(timer));
}

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

describe("a client that takes too long is answered 408 and cut off:", () => {
  test.each<[string, string, string | null]>([
    ["one that sends nothing", "", null],
    ["one that trickles headers", "GET / HTTP/1.1\r\nHost: a\r\n", "x: 1029384756\r\n"],
    ["one that trickles the body", `${POST}Content-Length: 90000\r\n\r\n`, "1029384756"],
    ["one that trickles the body in chunks", `${POST}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n1\r\n"],
  ])("%s", async (_who, first, piece) => {
    const client = await open(await serve(TINY));
    client.socket.write(first);
    if (piece !== null) trickle(client, piece);
    const answer = await client.ended;
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/u);
    expect(answer).toMatch(/\r\nConnection: close\r\n/u);
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({
      errors: [{ message: "Request Timeout", extensions: { code: "BAD_REQUEST" } }],
    });
    expect(answer).not.toContain("1029");
  });

  test("also on a connection that has had an answer", async () => {
    const client = await open(await serve(SHORT));
    client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(client.socket, "data");
    client.socket.write("GET / HTTP/1.1\r\n");
    trickle(client, "x: y\r\n");
    expect((await client.ended).match(/HTTP\/1\.1 \d+/gu)).toEqual(["HTTP/1.1 200", "HTTP/1.1 408"]);
  });
});

test("an answer may take longer than a request may take to arrive", async () => {
  const app = await serve(SHORT);
  gate.close();
  const patient = await open(app);
  patient.socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await once(app.server, "request");
  // Others come and are cut off meanwhile, each after its whole time.
  for (let time = 0; time < 2; time += 1) {
    const slow = await open(app);
    slow.socket.write(`${POST}Content-Length: 9\r\n\r\n`);
    expect(await slow.ended).toMatch(/^HTTP\/1\.1 408 /u);
  }
  expect(patient.received()).toBe("");
  gate.open();
  expect(await patient.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n.+\{"answered":true\}$/su);
});

test("a connection that is kept ends without a word when no next request comes", async () => {
  // Nor is it told that the next one is late: a load balancer would take that for the answer to what it sends next.
  const client = await open(await serve({ ...SHORT, keepAliveMs: 500 }));
  client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect((await client.ended).match(/HTTP\/1\.1 \d+/gu)).toEqual(["HTTP/1.1 200"]);
});

test("a client that asks and does not read its answer is cut off", async () => {
  const app = await serve({ idleMs: 50 });
  const accepted = once(app.server, "connection");
  const { socket } = await open(app);
  const [server] = (await accepted) as [Socket];
  socket.pause();
  const closed = once(server, "close");
  socket.write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  await closed;
  expect(server.bytesWritten).toBeGreaterThan(65_536);
});

describe("a stop", () => {
  test.each([
    ["a request whose body never arrives", `${POST}Content-Length: 90000\r\n\r\n`, "1"],
    ["a request whose headers never arrive", "GET / HTTP/1.1\r\n", "x: y\r\n"],
  ])("does not wait for %s", async (_what, first, piece) => {
    // Long enough for the stop to come first: it is not Node that ends it.
    const app = await serve({ requestMs: 300 });
    const client = await open(app);
    client.socket.write(first);
    trickle(client, piece);
    // An answer on another connection: the server has seen to this one.
    const other = await open(app);
    other.socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await other.ended;
    await app.close();
    await client.ended;
  });

  test("waits for the answer to a request that has arrived, however long it takes", async () => {
    const app = await serve(SHORT);
    gate.close();
    const [patient, slow] = [await open(app), await open(app)];
    patient.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(app.server, "request");
    slow.socket.write(`${POST}Content-Length: 90000\r\n\r\n`);
    await once(app.server, "request");
    trickle(slow, "1");
    const closed = app.close();
    await slow.ended;
    expect(patient.received()).toBe("");
    gate.open();
    await closed;
    expect(await patient.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n.+\{"answered":true\}$/su);
  });
});

test("a stop does not wait for connections that were opened in advance, and on which nothing has come", async () => {
  const app = await serve({});
  await open(app);
  await app.close();
});

test("outside tests, a request has seconds to arrive, and an answer more than the longest cancel takes", () => {
  const { server } = createHttpServer({ logLevel: "silent" });
  expect([server.headersTimeout, server.requestTimeout, server.keepAliveTimeout, server.timeout]).toEqual([
    TIME_LIMITS.headersMs,
    TIME_LIMITS.requestMs,
    TIME_LIMITS.keepAliveMs,
    TIME_LIMITS.idleMs,
  ]);
  expect(TIME_LIMITS.headersMs).toBeLessThan(TIME_LIMITS.requestMs);
  expect(TIME_LIMITS.requestMs).toBeLessThanOrEqual(60_000);
  expect(TIME_LIMITS.idleMs).toBeGreaterThan(LONGEST_ANSWER_MS);
});
