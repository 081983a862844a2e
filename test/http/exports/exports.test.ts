import { expect, describe, test } from "@jest/globals";
import type { IncomingMessage } from "node:http";
import type { OpenExport } from "../../../src/cancellation/history/history.js";
import {
  EXPORT_PATH,
  extensionsOf,
  FOR_EVER,
  isWhole,
  MANY,
  useExportServer,
} from "../../helpers/export-server.js";
import { until } from "../../helpers/gate.js";
import { raw } from "../../helpers/raw-http.js";

const server = useExportServer();

describe("an export", () => {
  test("is a file to be saved, and to be kept by nobody on its way", async () => {
    server.left = 120;
    const answer = await server.download("a");
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": 'attachment; filename="cancellations.csv"',
      "transfer-encoding": "chunked",
      "x-request-id": expect.stringMatching(/./u),
    });
    expect((await answer.text()).split("\r\n")).toHaveLength(1 + 120 + 1);
    await until(() => server.ended.length > 0);
    expect([server.ended, server.opened, server.closed]).toEqual([[["completed", 120]], 1, 1]);
  });

  test("of nothing has a header and no row", async () => {
    expect((await (await server.download("a")).text()).split("\r\n")).toHaveLength(2);
    const ndjson = await fetch(`${server.url}/exports/cancellations.ndjson`, {
      headers: { "x-caller": "b" },
    });
    expect(ndjson.headers.get("content-type")).toBe("application/x-ndjson");
    expect(await ndjson.text()).toBe("");
  });

  test("reads no more ahead than fits on the way to a client that does not read", async () => {
    server.left = MANY;
    const answer = await server.begin();
    let before = -1;
    // Until nothing more is read in a hundred turns of the event loop.
    while (before !== server.read) {
      before = server.read;
      for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    }
    expect(server.read).toBeLessThan(MANY / 10);
    answer.destroy();
    await until(() => server.closed === 1);
    expect(server.ended).toEqual([["cut", server.read]]);
  });

  test("that cannot be read on is cut off, and looks like no whole file", async () => {
    [server.left, server.failsAfter] = [1_000, 500];
    expect(await isWhole(await server.begin())).toBe(false);
    await until(() => server.ended.length > 0);
    expect([server.ended, server.closed]).toEqual([[["failed", 500]], 1]);
  });

  test("that cannot be begun is answered with an error, and leaves its place", async () => {
    server.failsAfter = 0;
    for (let n = 1; n <= 3; n += 1) {
      const answer = await server.download("a");
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("10");
      const text = await answer.text();
      expect(JSON.parse(text).errors[0].extensions.code).toBe("SERVICE_UNAVAILABLE");
      expect(text).not.toContain("the connection is gone");
      expect(server.closed).toBe(n);
    }
    expect(server.ended).toEqual([]);
  });

  test("is refused while others wait for the database, and when its caller has used up a minute", async () => {
    await server.start({ isSaturated: () => true });
    const busy = await server.download("a");
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "1"]);
    await server.start({ charge: () => Promise.resolve({ allowed: false, retryAfterSeconds: 42 }) });
    for (let n = 0; n < 2; n += 1) {
      const limited = await server.download("a");
      expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "42"]);
    }
    expect(server.opened).toBe(0);
  });

  test("is not begun for who may not read, asks wrongly, asks for its head alone, or could not tell its end", async () => {
    await server.start({
      admission: {
        hooks: {},
        callerOf: () => ({ subject: "w", scopes: ["cancellations:write"], storeIds: [] }),
        watchToken: () => () => undefined,
      },
    });
    const forbidden = await server.download("w");
    expect(forbidden.status).toBe(403);
    expect(await extensionsOf(forbidden)).toEqual({ code: "FORBIDDEN" });
    await server.start();
    const wrong = await fetch(`${server.url}${EXPORT_PATH}?limit=0`);
    expect(wrong.status).toBe(400);
    expect(await extensionsOf(wrong)).toEqual({
      code: "BAD_USER_INPUT",
      field: ["limit"],
      reason: "OUT_OF_RANGE",
    });
    expect((await fetch(server.url + EXPORT_PATH, { method: "HEAD" })).status).toBe(405);
    expect(await raw(server.url, `GET ${EXPORT_PATH} HTTP/1.0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 426 [\s\S]*"Use HTTP\/1\.1/u,
    );
    expect(server.opened).toBe(0);
  });

  test("that takes too long is cut off", async () => {
    await server.start({ limits: { ...FOR_EVER, lastsMs: 1 } });
    [server.left, server.stalls] = [1_000, true];
    expect(await isWhole(await server.begin())).toBe(false);
    await until(() => server.ended.length > 0);
    expect([server.ended[0]?.[0], server.closed]).toEqual(["cut", 1]);
  });

  test("is cut off when the service stops, after its grace: the stop is not held up", async () => {
    await server.start({ limits: { ...FOR_EVER, graceMs: 1 } });
    [server.left, server.stalls] = [1_000, true];
    const answer = await server.begin();
    const whole = isWhole(answer.pause());
    await server.stop();
    expect(await whole).toBe(false);
    await until(() => server.ended.length > 0 && server.closed === 1);
    expect(server.ended[0]?.[0]).toBe("cut");
  });

  test("is finished when the service stops, if it is soon done", async () => {
    server.left = 500;
    const answer = await server.begin();
    const closing = server.stop();
    expect(await isWhole(answer)).toBe(true);
    await closing;
    expect(server.ended).toEqual([["completed", 500]]);
  });

  test("is one at a time for a caller, and two for the same stores", async () => {
    [server.left, server.stalls] = [1_000, true];
    const first = await server.begin("a");
    const again = await server.download("a");
    expect([again.status, again.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await extensionsOf(again)).toEqual({ code: "RATE_LIMITED", retryAfterSeconds: 10 });
    const second = await server.begin("b");
    const third = await server.download("c");
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await extensionsOf(third)).toEqual({ code: "RATE_LIMITED", retryAfterSeconds: 10 });

    first.destroy();
    await until(() => server.closed === 1);
    [server.left, server.stalls] = [10, false];
    expect((await server.download("c")).status).toBe(200);
    second.destroy();
  });

  test("of a store is not held up by two slow readers of another, nor by two who read both", async () => {
    [server.left, server.stalls] = [1_000, true];
    await server.begin("a1", "A");
    await server.begin("a2", "A");
    expect((await server.download("a3", "A")).status).toBe(429);
    await server.begin("both1", "A,B");
    await server.begin("both2", "B,A");
    expect((await server.download("both3", "A,B")).status).toBe(429);
    [server.left, server.stalls] = [10, false];
    const other = await server.download("b", "B");
    expect(other.status).toBe(200);
    expect((await other.text()).startsWith("cursor,")).toBe(true);
  });

  test("is one of six at a time, whosever they are: each holds a connection to the database", async () => {
    [server.left, server.stalls] = [1_000, true];
    for (const n of [1, 2, 3, 4, 5, 6]) await server.begin(`caller-${n}`, `S-${n}`);
    const seventh = await server.download("caller-7", "S-7");
    expect([seventh.status, seventh.headers.get("retry-after")]).toEqual([503, "10"]);
    expect((await extensionsOf(seventh)).code).toBe("SERVICE_UNAVAILABLE");
    expect(server.opened).toBe(6);
  });

  test("whose client vanishes before its first rows are found is given up, and leaves its place at once", async () => {
    server.gate.close();
    for (const n of [1, 2, 3]) {
      const asked = server.ask("a", "SIM-KR").on("error", () => undefined);
      await until(() => server.opened === n);
      asked.destroy();
      await until(() => server.closed === n);
    }
    server.gate.open();
    server.left = 10;
    expect((await server.download("a")).status).toBe(200);
  });

  test("leaves its place when its client has all of it, however long the database takes to be left", async () => {
    const neverClosed: OpenExport = async (...asked) => {
      const running = await server.open(...asked);
      return { ...running, close: () => running.close().then(() => new Promise(() => undefined)) };
    };
    await server.start({ open: neverClosed });
    for (let n = 0; n < 5; n += 1) {
      server.left = 10;
      const answer = await server.download("a");
      expect([answer.status, (await answer.text()).split("\r\n").length]).toEqual([200, 1 + 10 + 1]);
    }
  });

  test("whose client reads, but too slowly, is cut, looks like no whole file, and leaves its place", async () => {
    await server.start({ limits });
    server.left = MANY;
    const answer = await server.begin("a");
    readSlowly(answer);
    expect(await isWhole(answer)).toBe(false);
    await until(() => server.ended.length > 0);
    expect([server.ended[0]?.[0], server.closed]).toEqual(["cut", 1]);
    server.left = 10;
    expect((await server.download("a")).status).toBe(200);
  });

  test("of a slow database is not cut: its client has taken all that there is", async () => {
    await server.start({ limits });
    server.left = 100;
    const answer = await server.begin("a");
    server.gate.close();
    const whole = isWhole(answer);
    // A hundred turns of the event loop are more than a millisecond.
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    server.gate.open();
    expect(await whole).toBe(true);
    expect(server.ended).toEqual([["completed", 100]]);
  });
});

/** A pace that nobody can keep. */
const limits = { ...FOR_EVER, pace: { bytes: Infinity, withinMs: 1 } };

/** Reads on, but each piece only after a while. */
function readSlowly(answer: IncomingMessage): void {
  answer.on("data", () => {
    answer.pause();
    setImmediate(() => answer.resume());
  });
}
