import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import type { Socket } from "node:net";
import { MAX_ANSWER_BYTES } from "../../src/ebp/exchange.js";
import { cancelRequest, published } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

/** The outcome of which nothing is known, for a reason with these words. */
const unknownFor = (words: string) => ({
  kind: "unknown",
  evidence: { basis: expect.stringContaining(words) },
});
const SHORT_MS = 150;
const GZIP = { "Content-Encoding": "gzip" };
const ACCEPTED = '{"resultCode":"0","data":{"orderNo":"ORD-1"}}';
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

describe("leaves the outcome unknown when", () => {
  test.each([
    ["reset", (socket: Socket) => socket.resetAndDestroy()],
    ["closed without an answer", (socket: Socket) => socket.end()],
  ])("the connection is %s after the request arrived", async (_how, leave) => {
    const upstream = await ebp.upstream((_request, socket) => leave(socket));
    const sent = await ebp.client(upstream.url).cancel(cancelRequest(), "en");
    expect(sent.outcome).toMatchObject({
      kind: "unknown",
      failure: { cause: "CONNECTION_BROKE", resultCode: null, ebpMessage: null },
      evidence: {
        basis: expect.stringContaining("connection broke"),
        httpStatus: null,
        rawAnswer: null,
        digest: null,
      },
    });
    expect(sent.sentAgoMs).not.toBeNull();
    expect(upstream.requests).toHaveLength(1);
  });

  test("no answer comes in time", async () => {
    const upstream = await ebp.upstream(() => undefined);
    const sent = await ebp.client(upstream.url, { timeoutMs: SHORT_MS }).cancel(cancelRequest(), "en");
    expect(sent.outcome).toMatchObject(unknownFor("in time"));
    await upstream.allClosed();
    expect(upstream.requests).toHaveLength(1);
  });

  test("the answer's end does not come in time, however lively it drips", async () => {
    const upstream = await ebp.upstream((_request, socket) => {
      socket.write(`${HEAD}Content-Length: 100000000\r\n\r\n`);
      void drip(socket, () => " ");
    });
    const { outcome } = await ebp.client(upstream.url, { timeoutMs: SHORT_MS }).cancel(cancelRequest(), "en");
    expect(outcome).toMatchObject(unknownFor("in time"));
    expect(outcome.evidence.httpStatus).toBe(200);
    await upstream.allClosed();
  });

  test.each([
    ["a stated length", `${HEAD}Content-Length: 500\r\n\r\n${ACCEPTED}`],
    ["chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n2c\r\n${ACCEPTED}`],
    ["a stated length, and it is a refusal", `HTTP/1.1 403 No\r\nContent-Length: 500\r\n\r\n<html>`],
  ])("the answer breaks off before the end marked by %s", async (_how, answer) => {
    const outcome = await ebp.outcomeOf(answer);
    expect(outcome).toMatchObject(unknownFor("connection broke"));
    expect(outcome.evidence.rawAnswer).not.toBe("");
  });

  test.each([
    ["no HTTP", "garbage\r\n\r\n"],
    ["two lengths", `${HEAD}Content-Length: 2\r\nContent-Length: 45\r\n\r\n${ACCEPTED}`],
    ["endless headers", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}\r\n\r\n`],
    ["an upgrade", "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"],
    ["bytes compressed unasked", httpAnswer(200, Buffer.from([31, 139, 8, 0, 7, 255]), GZIP)],
    ["a refusal compressed unasked", httpAnswer(403, Buffer.from([31, 139, 8]), GZIP)],
    ["a document nested too deep", httpAnswer(200, `{"resultCode":"0","x":${"[".repeat(400_000)}`)],
  ])("the answer is %s", async (_what, answer) => {
    expect((await ebp.outcomeOf(answer)).kind).toBe("unknown");
  });

  test("the answer is one byte larger than any of EBP's", async () => {
    const outcome = await ebp.outcomeOf(httpAnswer(200, ACCEPTED.padEnd(MAX_ANSWER_BYTES + 1)));
    expect(outcome).toMatchObject(unknownFor("larger"));
    expect(outcome.evidence.rawAnswer).toHaveLength(MAX_ANSWER_BYTES);
  });

  test("the answer never ends: it is cut, not collected", async () => {
    let written = 0;
    const upstream = await ebp.upstream((_request, socket) => {
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
      const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
      void drip(socket, () => {
        written += chunk.length;
        return chunk;
      });
    });
    const { outcome } = await ebp.client(upstream.url).cancel(cancelRequest(), "en");
    expect(outcome).toMatchObject(unknownFor("larger"));
    await upstream.allClosed();
    // What is past the bound is what the sockets' buffers hold.
    expect(written).toBeLessThan(20 * MAX_ANSWER_BYTES);
  });
});

describe("still reads", () => {
  test("an answer that drips byte by byte", async () => {
    const answer = httpAnswer(200, published("item-unit.response"));
    const upstream = await ebp.upstream((_request, socket) => {
      let position = 0;
      void drip(socket, () => answer.subarray(position, ++position));
    });
    const request = cancelRequest({ orderNo: "ORD20251224001" });
    const { outcome } = await ebp.client(upstream.url).cancel(request, "en");
    const confirmation = { returnRequestId: "RETREQ20251224002" };
    expect(outcome).toMatchObject({ kind: "accepted", confirmation });
  });

  test("an answer as large as may be", async () => {
    const outcome = await ebp.outcomeOf(httpAnswer(200, ACCEPTED.padEnd(MAX_ANSWER_BYTES)));
    expect(outcome.kind).toBe("accepted");
  });

  test("the answer after interim ones, and one with a byte order mark", async () => {
    const interim = Buffer.from("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
    const outcome = await ebp.outcomeOf(Buffer.concat([interim, httpAnswer(200, `\uFEFF${ACCEPTED}`)]));
    expect(outcome).toMatchObject({ kind: "accepted", evidence: { httpStatus: 200 } });
  });
});

describe("sends once", () => {
  test("when the connection kept from the last cancel dies under the next", async () => {
    const upstream = await ebp.upstream((_request, socket, count) => {
      if (count === 1) socket.write(httpAnswer(200, ACCEPTED));
      else socket.destroy();
    });
    const client = ebp.client(upstream.url, { connectionsPerOrigin: 1 });
    expect((await client.cancel(cancelRequest(), "en")).outcome.kind).toBe("accepted");
    expect((await client.cancel(cancelRequest(), "en")).outcome.kind).toBe("unknown");
    expect(upstream.connections).toBe(1);
    expect(upstream.requests).toHaveLength(2);
  });

  test("when kept connections close at the very moment they are used again", async () => {
    const upstream = await ebp.upstream((_request, socket) => {
      socket.write(httpAnswer(200, '{"resultCode":"0"}'));
      setImmediate(() => socket.destroy());
    });
    const client = ebp.client(upstream.url, { connectionsPerOrigin: 1 });
    const orderNos = Array.from({ length: 30 }, (_, n) => `ORD-${n}-`);
    for (const orderNo of orderNos) {
      const { outcome } = await client.cancel(cancelRequest({ orderNo }), "en");
      const arrivals = upstream.requests.filter(({ body }) => body.includes(orderNo)).length;
      expect(arrivals).toBeLessThanOrEqual(1);
      // A cancel that arrived is never taken for one that was not sent.
      if (arrivals === 1) expect(outcome.kind).not.toBe("notSent");
      if (outcome.kind === "accepted") expect(arrivals).toBe(1);
    }
    expect(upstream.connections).toBeGreaterThan(1);
  });

  test("when the answer asks to try again", async () => {
    const upstream = await ebp.upstream((_request, socket) => {
      socket.write(httpAnswer(503, "", { "Retry-After": "0" }));
    });
    const { outcome } = await ebp.client(upstream.url).cancel(cancelRequest(), "en");
    expect(outcome.kind).toBe("unknown");
    expect(upstream.requests).toHaveLength(1);
  });
});

/** Writes piece after piece, one each turn of the event loop, until the peer is gone or nothing is left. */
async function drip(socket: Socket, next: () => string | Buffer): Promise<void> {
  while (!socket.destroyed) {
    const piece = next();
    if (piece.length === 0) return;
    socket.write(piece);
    await nextTurn();
  }
}
