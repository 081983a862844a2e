import { describe, expect, test } from "@jest/globals";
import type { OpenExport } from "../../../src/cancellation/history/history.js";
import { extensionsOf, MANY, useExportServer } from "../../helpers/export-server.js";
import { until } from "../../helpers/gate.js";

const server = useExportServer();

describe("an export", () => {
  test("is closed, and leaves its place to another, when its client hangs up", async () => {
    server.left = MANY;
    const answer = await server.begin("a");
    answer.destroy();
    await until(() => server.closed === 1);
    server.left = 10;
    expect((await server.download("a")).status).toBe(200);
  });

  test("is one at a time for a caller, and two for the same stores", async () => {
    server.left = MANY;
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
    server.left = 10;
    expect((await server.download("c")).status).toBe(200);
    second.destroy();
  });

  test("of a store is not held up by two slow readers of another, nor by two who read both", async () => {
    server.left = MANY;
    await server.begin("a1", "A");
    await server.begin("a2", "A");
    expect((await server.download("a3", "A")).status).toBe(429);
    await server.begin("both1", "A,B");
    await server.begin("both2", "B,A");
    expect((await server.download("both3", "A,B")).status).toBe(429);
    const other = await server.download("b", "B");
    expect(other.status).toBe(200);
    server.left = 10;
    expect((await other.text()).startsWith("cursor,")).toBe(true);
  });

  test("is one of six at a time, whosever they are: each holds a connection to the database", async () => {
    server.left = MANY;
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
});
