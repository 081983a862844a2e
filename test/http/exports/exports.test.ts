import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import { createCursors } from "../../../src/cancellation/history/cursors.js";
import type { ExportedCancellation, OpenExport } from "../../../src/cancellation/history/export.js";
import { addExports, type ExportsParts } from "../../../src/http/exports/exports.js";
import type { ExportLimits } from "../../../src/http/exports/watch-exports.js";
import { createHttpServer } from "../../../src/http/server.js";
import { createGate, until, type Gate } from "../../helpers/gate.js";
import { exported } from "../../helpers/exported.js";

const PATH = "/exports/cancellations.csv";
const ROWS_AT_ONCE = 50;
/** Far more than fits into what lies between the database and a client that does not read. */
const MANY = 2_000_000;
const FOR_EVER: ExportLimits = { idleMs: 60_000, lastsMs: 60_000, graceMs: 60_000 };

let app: FastifyInstance | undefined;
let url: string;
let gate: Gate;
let opened: number;
let closed: number;
let read: number;
let failsAfter: number;
let left: number;
let ended: [result: string, rows: number][];

const open: OpenExport = () => {
  opened += 1;
  return Promise.resolve({
    async read(take: (one: ExportedCancellation) => void) {
      await gate.pass();
      if (read >= failsAfter) throw new Error("the connection is gone");
      const count = Math.min(ROWS_AT_ONCE, left);
      for (let n = 0; n < count; n += 1) take(exported);
      [left, read] = [left - count, read + count];
      return count;
    },
    close() {
      closed += 1;
      return Promise.resolve();
    },
  });
};

async function start(changes: Partial<ExportsParts> = {}): Promise<void> {
  await app?.close();
  const server = createHttpServer({ logLevel: "silent" });
  app = server;
  addExports(server, {
    open,
    stores: new Map(),
    cursors: createCursors([Buffer.alloc(32, 1)]),
    admission: {
      hooks: [],
      callerOf: ({ headers }) => ({
        subject: String(headers["x-caller"]),
        scopes: ["cancellations:read"],
        storeIds: ["SIM-KR"],
      }),
      watchToken: () => () => undefined,
    },
    isSaturated: () => false,
    charge: () => Promise.resolve({ allowed: true }),
    onShed: () => undefined,
    onLimited: () => undefined,
    onEnded: (result, rows) => ended.push([result, rows]),
    limits: FOR_EVER,
    ...changes,
  });
  url = await server.listen({ port: 0, host: "127.0.0.1" });
}

beforeEach(async () => {
  [opened, closed, read, left, failsAfter] = [0, 0, 0, 0, Infinity];
  ended = [];
  gate = createGate();
  await start();
});
afterEach(async () => {
  gate.open();
  left = 0;
  await app?.close();
});

const download = (caller: string): Promise<Response> =>
  fetch(url + PATH, { headers: { "x-caller": caller } });

async function extensionsOf(answer: Response): Promise<any> {
  const { errors }: any = await answer.json();
  return errors[0].extensions;
}

/** One that reads nothing until it is told to. */
function begin(caller = "slow"): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url + PATH, { headers: { "x-caller": caller }, agent: false }, resolve).on("error", reject);
  });
}

/** Whether the answer ended as HTTP says that it does. */
function isWhole(answer: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    answer.on("close", () => resolve(answer.complete)).on("error", () => undefined);
    answer.resume();
  });
}

describe("an export", () => {
  test("is a file to be saved, and to be kept by nobody on its way", async () => {
    left = 120;
    const answer = await download("a");
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": 'attachment; filename="cancellations.csv"',
      "transfer-encoding": "chunked",
      "x-request-id": expect.stringMatching(/./u),
    });
    expect((await answer.text()).split("\r\n")).toHaveLength(1 + 120 + 1);
    await until(() => ended.length > 0);
    expect([ended, opened, closed]).toEqual([[["completed", 120]], 1, 1]);
  });

  test("of nothing has a header and no row", async () => {
    expect((await (await download("a")).text()).split("\r\n")).toHaveLength(2);
    const ndjson = await fetch(`${url}/exports/cancellations.ndjson`, { headers: { "x-caller": "b" } });
    expect(ndjson.headers.get("content-type")).toBe("application/x-ndjson");
    expect(await ndjson.text()).toBe("");
  });

  test("reads no more ahead than fits on the way to a client that does not read", async () => {
    left = MANY;
    const answer = await begin();
    let before = -1;
    // Until nothing more is read in a hundred turns of the event loop.
    while (before !== read) {
      before = read;
      for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    }
    expect(read).toBeLessThan(MANY / 10);
    answer.destroy();
    await until(() => closed === 1);
    expect(ended).toEqual([["cut", read]]);
  });

  test("is closed, and leaves its place to another, when its client hangs up", async () => {
    left = MANY;
    const answer = await begin("a");
    answer.destroy();
    await until(() => closed === 1);
    left = 10;
    expect((await download("a")).status).toBe(200);
  });

  test("that cannot be read on is cut off, and looks like no whole file", async () => {
    [left, failsAfter] = [MANY, 500];
    expect(await isWhole(await begin())).toBe(false);
    await until(() => ended.length > 0);
    expect([ended, closed]).toEqual([[["failed", 500]], 1]);
  });

  test("that cannot be begun is answered with an error, and leaves its place", async () => {
    failsAfter = 0;
    for (let n = 1; n <= 3; n += 1) {
      const answer = await download("a");
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("10");
      const text = await answer.text();
      expect(JSON.parse(text).errors[0].extensions.code).toBe("SERVICE_UNAVAILABLE");
      expect(text).not.toContain("the connection is gone");
      expect(closed).toBe(n);
    }
    expect(ended).toEqual([]);
  });

  test("is one at a time for a caller, and two for all", async () => {
    left = MANY;
    const first = await begin("a");
    const again = await download("a");
    expect([again.status, again.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await extensionsOf(again)).toEqual({
      code: "RATE_LIMITED",
      retryAfterSeconds: 10,
    });
    const second = await begin("b");
    const third = await download("c");
    expect([third.status, third.headers.get("retry-after")]).toEqual([503, "10"]);
    expect((await extensionsOf(third)).code).toBe("SERVICE_UNAVAILABLE");

    first.destroy();
    await until(() => closed === 1);
    left = 10;
    expect((await download("c")).status).toBe(200);
    second.destroy();
  });

  test("is refused while others wait for the database, and when its caller has used up a minute", async () => {
    await start({ isSaturated: () => true });
    const busy = await download("a");
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "1"]);
    await start({ charge: () => Promise.resolve({ allowed: false, retryAfterSeconds: 42 }) });
    for (let n = 0; n < 2; n += 1) {
      const limited = await download("a");
      expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "42"]);
    }
    expect(opened).toBe(0);
  });

  test("is not begun for who may not read, asks wrongly, asks for its head alone, or could not tell its end", async () => {
    await start({
      admission: {
        hooks: [],
        callerOf: () => ({ subject: "w", scopes: ["cancellations:write"], storeIds: [] }),
        watchToken: () => () => undefined,
      },
    });
    const forbidden = await download("w");
    expect(forbidden.status).toBe(403);
    expect(await extensionsOf(forbidden)).toEqual({ code: "FORBIDDEN" });
    await start();
    const wrong = await fetch(`${url}${PATH}?limit=0`);
    expect(wrong.status).toBe(400);
    expect(await extensionsOf(wrong)).toEqual({ code: "BAD_USER_INPUT", field: "limit" });
    expect((await fetch(url + PATH, { method: "HEAD" })).status).toBe(404);
    expect(await askInHttp10()).toMatch(/^HTTP\/1\.1 426 [\s\S]*"Ask by HTTP\/1\.1/u);
    expect(opened).toBe(0);
  });

  test("that takes too long is cut off", async () => {
    await start({ limits: { ...FOR_EVER, lastsMs: 1 } });
    left = MANY;
    expect(await isWhole(await begin())).toBe(false);
    await until(() => ended.length > 0);
    expect([ended[0]?.[0], closed]).toEqual(["cut", 1]);
  });

  test("whose client reads nothing is cut off", async () => {
    await start({ limits: { ...FOR_EVER, idleMs: 1 } });
    left = MANY;
    const answer = await begin();
    answer.on("error", () => undefined);
    await until(() => ended.length > 0);
    expect([ended[0]?.[0], closed]).toEqual(["cut", 1]);
  });

  test("is cut off when the service stops, after its grace: the stop is not held up", async () => {
    await start({ limits: { ...FOR_EVER, graceMs: 1 } });
    left = MANY;
    const answer = await begin();
    const whole = isWhole(answer.pause());
    await app?.close();
    expect(await whole).toBe(false);
    expect([ended[0]?.[0], closed]).toEqual(["cut", 1]);
  });

  test("is finished when the service stops, if it is soon done", async () => {
    left = 5_000;
    const answer = await begin();
    const closing = app?.close();
    expect(await isWhole(answer)).toBe(true);
    await closing;
    expect(ended).toEqual([["completed", 5_000]]);
  });
});

function askInHttp10(): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = "";
    connect(Number(port), hostname, function (this: { write(text: string): void }) {
      this.write(`GET ${PATH} HTTP/1.0\r\n\r\n`);
    })
      .on("data", (bytes) => (answer += bytes.toString()))
      .on("end", () => resolve(answer))
      .on("error", reject);
  });
}
