import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import Fastify from "fastify";
import { logError } from "../../src/http/errors.js";
import { createHttpServer } from "../../src/http/server.js";
import { addWebhooks, type WebhookReceipt } from "../../src/http/webhooks.js";
import { createGate, until } from "../helpers/gate.js";
import { openSocket, raw } from "../helpers/raw-http.js";

interface Received {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

/** A server with the webhook route beside one that takes JSON, and what the former has received. */
async function start(
  answer: () => WebhookReceipt | Promise<WebhookReceipt> = () => "stored",
): Promise<{ url: string; received: Received[] }> {
  const app = createHttpServer({ logLevel: "silent" });
  const received: Received[] = [];
  addWebhooks(app, {
    receive: async (headers, body) => {
      received.push({ headers, body });
      return answer();
    },
  });
  app.post("/graphql", (request) => ({ got: request.body }));
  releases.push(() => app.close());
  return { url: await app.listen({ host: "127.0.0.1", port: 0 }), received };
}

function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/webhooks/ebp`, { method: "POST", headers, body });
}

test.each(["stored", "repeated"] as const)("answers 200 when an event is %s", async (receipt) => {
  const { url } = await start(() => receipt);
  const response = await post(url, "{}");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/u);
  expect(response.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/u);
  expect(await response.json()).toEqual({ status: receipt });
});

test("answers 401, and says nothing more, when a webhook is refused", async () => {
  const { url } = await start(() => "refused");
  const response = await post(url, '{"orderNo":"ORD-1"}');
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({
    errors: [{ message: expect.any(String), extensions: { code: "UNAUTHENTICATED" } }],
  });
});

test("does not answer before the event is stored", async () => {
  const gate = createGate();
  gate.close();
  const { url, received } = await start(async (): Promise<WebhookReceipt> => {
    await gate.pass();
    return "stored";
  });
  let answered = false;
  const answer = post(url, "{}").finally(() => (answered = true));
  await until(() => received.length === 1);
  expect(answered).toBe(false);
  gate.open();
  expect((await answer).status).toBe(200);
});

describe("hands over the very bytes that came", () => {
  const bytes = Buffer.from([0, 255, 123, 34, 0xed, 0xa0, 0x80, 10, 13]);
  test.each<[string, Uint8Array, Record<string, string>]>([
    ["of JSON", Buffer.from('{ "a" : 1.0, "a": 1 }\n'), { "content-type": "application/json" }],
    ["of JSON that is none", Buffer.from("{"), { "content-type": "application/json; charset=utf-8" }],
    ["of JSON in another charset", bytes, { "content-type": "application/json; charset=utf-16" }],
    ["of a form", Buffer.from("a=1&b=2"), { "content-type": "application/x-www-form-urlencoded" }],
    ["of no known type", bytes, { "content-type": "x/y" }],
    ["of a type that is empty", bytes, { "content-type": "" }],
    [
      "that are compressed",
      gzipSync("{}"),
      { "content-type": "application/json", "content-encoding": "gzip" },
    ],
    ["that only claim to be compressed", Buffer.from("{}"), { "content-encoding": "br" }],
  ])("%s", async (_what, body, headers) => {
    const { url, received } = await start();
    expect((await post(url, body, headers)).status).toBe(200);
    expect(received).toHaveLength(1);
    expect(received[0]?.body.equals(body)).toBe(true);
  });

  test.each([
    ["without a type or a length", ""],
    ["of a type", "Content-Type: application/json\r\nContent-Length: 0\r\n"],
  ])("when there are none, %s", async (_how, lines) => {
    const { url, received } = await start();
    const answer = await raw(
      url,
      `POST /webhooks/ebp HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /u);
    expect(received[0]?.body).toEqual(Buffer.alloc(0));
  });
});

test("takes an event of 64 kB, and refuses a larger one with 413 unseen", async () => {
  const { url, received } = await start();
  expect((await post(url, "x".repeat(65_536))).status).toBe(200);
  const response = await post(url, "x".repeat(65_537));
  expect(response.status).toBe(413);
  expect(await response.json()).toEqual({
    errors: [{ message: "The event is larger than 65536 bytes.", extensions: { code: "PAYLOAD_TOO_LARGE" } }],
  });
  expect(received).toHaveLength(1);
});

test("refuses a larger one also when it does not say how large it is", async () => {
  const { url, received } = await start();
  const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
  const head = "POST /webhooks/ebp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect(await raw(url, head + chunk.repeat(3))).toMatch(/^HTTP\/1\.1 413 /u);
  expect(received).toHaveLength(0);
});

test("does not hand over a body that breaks off", async () => {
  const { url, received } = await start();
  const { socket, ended } = openSocket(url);
  socket.end("POST /webhooks/ebp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{}");
  await ended;
  expect((await post(url, "whole")).status).toBe(200);
  expect(received.map(({ body }) => body.toString())).toEqual(["whole"]);
});

test("leaves the JSON of other routes to their own parser, and their limit as it is", async () => {
  const { url } = await start();
  const ask = (body: string, type = "application/json"): Promise<Response> =>
    fetch(`${url}/graphql`, { method: "POST", headers: { "content-type": type }, body });
  expect(await (await ask('{"query":"x"}')).json()).toEqual({ got: { query: "x" } });
  expect((await ask("{")).status).toBe(400);
  expect((await ask("{}", "application/octet-stream")).status).toBe(415);
  expect((await ask(JSON.stringify("x".repeat(900_000)))).status).toBe(200);
  expect(await (await ask(JSON.stringify("x".repeat(1_000_000)))).json()).toMatchObject({
    errors: [{ message: "The request body is larger than 1000000 bytes." }],
  });
});

describe("when an event cannot be stored", () => {
  class DatabaseError extends Error {
    override readonly name = "DatabaseError";
    readonly code = "23514";
    readonly detail = "Failing row contains (SECRET-DETAIL)";
  }

  test("its log has the fault, and neither the refused row nor the body", async () => {
    let log = "";
    const stream = { write: (line: string) => void (log += line) };
    const app = Fastify({
      logger: { level: "trace", stream, serializers: { err: (error) => logError(error) } },
    });
    releases.push(() => app.close());
    const cause = new DatabaseError("the row was refused");
    addWebhooks(app, { receive: () => Promise.reject(new Error("storing it", { cause })) });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    expect((await post(url, "SECRET-BODY")).status).toBe(503);
    expect(log).not.toContain("SECRET");
    const entry = log.split("\n").find((line) => line.includes("storing a webhook failed"));
    expect(JSON.parse(entry ?? "")).toMatchObject({
      level: 50,
      err: { message: "storing it", cause: { type: "DatabaseError", code: "23514" } },
    });
  });

  test.each<[string, unknown]>([
    ["is thrown", new DatabaseError("SECRET-MESSAGE")],
    ["claims to be the caller's fault", Object.assign(new Error("SECRET"), { statusCode: 400 })],
    ["claims that the body is too large", Object.assign(new Error("SECRET"), { statusCode: 413 })],
    ["is no error", "SECRET"],
    ["is nothing", undefined],
  ])("answers 503 whatever %s", async (_what, fault) => {
    const { url } = await start(() => {
      throw fault as Error;
    });
    const response = await post(url, "{}");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: "The event could not be stored. Send it again.",
          extensions: { code: "SERVICE_UNAVAILABLE" },
        },
      ],
    });
  });
});
