import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { IncomingMessage } from "node:http";
import { EXPORT_PACE, watchPace } from "../../../src/http/exports/export-limits.js";
import { FOR_EVER, isWhole, MANY, useExportServer } from "../../helpers/export-server.js";
import { until } from "../../helpers/gate.js";

describe("a reader", () => {
  const second = EXPORT_PACE.withinMs / 60;
  const response = { writableNeedDrain: true, writableEnded: false, writableFinished: false };
  const socket = { bytesWritten: 0, writableLength: 0 };
  let cuts: number;
  let stop: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    cuts = 0;
    Object.assign(response, { writableNeedDrain: true, writableEnded: false, writableFinished: false });
    Object.assign(socket, { bytesWritten: 5_000, writableLength: 0 });
    stop = watchPace(response, socket, EXPORT_PACE, () => (cuts += 1));
  });
  afterEach(() => {
    stop();
    jest.useRealTimers();
  });

  /** Takes so many bytes in each of so many seconds. */
  function read(bytesPerSecond: number, seconds: number): void {
    for (let n = 0; n < seconds; n += 1) {
      socket.bytesWritten += bytesPerSecond;
      jest.advanceTimersByTime(second);
    }
  }

  test("that takes a little less than the pace is cut after a minute, once", () => {
    read(17_000, 59);
    expect(cuts).toBe(0);
    read(17_000, 1);
    expect(cuts).toBe(1);
    read(0, 600);
    expect(cuts).toBe(1);
  });

  test("that keeps the pace, steadily or in one go after a pause, is never cut", () => {
    read(18_000, 1_800);
    for (let n = 0; n < 30; n += 1) {
      read(EXPORT_PACE.bytes, 1);
      read(0, 58);
    }
    expect(cuts).toBe(0);
  });

  test("that nothing waits for is never cut: the database takes its time", () => {
    response.writableNeedDrain = false;
    read(0, 1_800);
    expect(cuts).toBe(0);
    response.writableNeedDrain = true;
    read(0, 59);
    expect(cuts).toBe(0);
    read(0, 1);
    expect(cuts).toBe(1);
  });

  test("that leaves the last bytes where they are is cut as well", () => {
    Object.assign(response, { writableNeedDrain: false, writableEnded: true });
    read(0, 60);
    expect(cuts).toBe(1);
  });

  test("has not taken what still waits to be sent", () => {
    socket.bytesWritten += 100 * EXPORT_PACE.bytes;
    socket.writableLength = 100 * EXPORT_PACE.bytes;
    read(0, 60);
    expect(cuts).toBe(1);
  });
});

describe("an export", () => {
  const server = useExportServer();
  /** A pace that nobody can keep. */
  const limits = { ...FOR_EVER, pace: { bytes: Infinity, withinMs: 1 } };

  /** Reads on, but each piece only after a while. */
  function readSlowly(answer: IncomingMessage): void {
    answer.on("data", () => {
      answer.pause();
      setImmediate(() => answer.resume());
    });
  }

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
