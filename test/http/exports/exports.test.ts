import { expect, describe, test } from "@jest/globals";
import { connect } from "node:net";
import {
  EXPORT_PATH,
  extensionsOf,
  FOR_EVER,
  isWhole,
  MANY,
  useExportServer,
} from "../../helpers/export-server.js";
import { until } from "../../helpers/gate.js";

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
    [server.left, server.failsAfter] = [MANY, 500];
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
    expect(await extensionsOf(wrong)).toEqual({ code: "BAD_USER_INPUT", field: "limit" });
    expect((await fetch(server.url + EXPORT_PATH, { method: "HEAD" })).status).toBe(405);
    expect(await askInHttp10()).toMatch(/^HTTP\/1\.1 426 [\s\S]*"Ask by HTTP\/1\.1/u);
    expect(server.opened).toBe(0);
  });

  test("that takes too long is cut off", async () => {
    await server.start({ limits: { ...FOR_EVER, lastsMs: 1 } });
    server.left = MANY;
    expect(await isWhole(await server.begin())).toBe(false);
    await until(() => server.ended.length > 0);
    expect([server.ended[0]?.[0], server.closed]).toEqual(["cut", 1]);
  });

  test("whose client reads nothing is cut off", async () => {
    await server.start({ limits: { ...FOR_EVER, idleMs: 1 } });
    server.left = MANY;
    const answer = await server.begin();
    answer.on("error", () => undefined);
    await until(() => server.ended.length > 0);
    expect([server.ended[0]?.[0], server.closed]).toEqual(["cut", 1]);
  });

  test("is cut off when the service stops, after its grace: the stop is not held up", async () => {
    await server.start({ limits: { ...FOR_EVER, graceMs: 1 } });
    server.left = MANY;
    const answer = await server.begin();
    const whole = isWhole(answer.pause());
    await server.stop();
    expect(await whole).toBe(false);
    expect([server.ended[0]?.[0], server.closed]).toEqual(["cut", 1]);
  });

  test("is finished when the service stops, if it is soon done", async () => {
    server.left = 5_000;
    const answer = await server.begin();
    const closing = server.stop();
    expect(await isWhole(answer)).toBe(true);
    await closing;
    expect(server.ended).toEqual([["completed", 5_000]]);
  });
});

function askInHttp10(): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    let answer = "";
    connect(Number(port), hostname, function (this: { write(text: string): void }) {
      this.write(`GET ${EXPORT_PATH} HTTP/1.0\r\n\r\n`);
    })
      .on("data", (bytes) => (answer += bytes.toString()))
      .on("end", () => resolve(answer))
      .on("error", reject);
  });
}
