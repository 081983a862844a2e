import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { IdentifiedCaller } from "../../src/cancellation/model/caller.js";
import { watchToken } from "../../src/http/admission.js";
import { EXPORT_PACE, watchPace } from "../../src/http/exports/export-limits.js";
import { callerOf } from "../helpers/examples.js";

const MINUTE_MS = 60_000;

let ends: number;
beforeEach(() => {
  jest.useFakeTimers();
  ends = 0;
});
afterEach(() => void jest.useRealTimers());

const inMs = (ms: number): Date => new Date(Date.now() + ms);
const caller = (provenUntil: Date | null): IdentifiedCaller => ({ ...callerOf("SIM-KR"), provenUntil });

function watch(authenticate: () => Promise<IdentifiedCaller | null>, provenUntil: Date | null): () => void {
  return watchToken(authenticate, "Bearer token", provenUntil, () => (ends += 1));
}

describe("a token", () => {
  test("ends a stream, or an export, at the moment at which it is taken no more, and not before", async () => {
    const until = inMs(90_000);
    watch(() => Promise.resolve(Date.now() < until.getTime() ? caller(until) : null), until);
    await jest.advanceTimersByTimeAsync(89_999);
    expect(ends).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(ends).toBe(1);
    await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(ends).toBe(1);
  });

  test("whose key is withdrawn ends it within a minute", async () => {
    let isKnown = true;
    const until = inMs(60 * MINUTE_MS);
    watch(() => Promise.resolve(isKnown ? caller(until) : null), until);
    await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(ends).toBe(0);
    isKnown = false;
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    expect(ends).toBe(1);
  });

  test("whose key cannot be fetched ends it when the token itself is over", async () => {
    const until = inMs(5 * MINUTE_MS);
    watch(() => Promise.reject(new Error("away")), until);
    await jest.advanceTimersByTimeAsync(5 * MINUTE_MS - 1);
    expect(ends).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(ends).toBe(1);
  });

  test("that nobody needs never ends", async () => {
    watch(() => Promise.resolve(caller(null)), null);
    await jest.advanceTimersByTimeAsync(100 * MINUTE_MS);
    expect(ends).toBe(0);
  });

  test("that runs for centuries is no hurry", async () => {
    const until = inMs(500 * 365 * 24 * 60 * MINUTE_MS);
    watch(() => Promise.resolve(caller(until)), until);
    await jest.advanceTimersByTimeAsync(100 * MINUTE_MS);
    expect(ends).toBe(0);
  });

  test("is not looked at any more once its stream is over", async () => {
    const stop = watch(() => Promise.resolve(null), inMs(MINUTE_MS));
    stop();
    await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(ends).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe("a reader", () => {
  const second = EXPORT_PACE.withinMs / 60;
  const response = { writableNeedDrain: true, writableEnded: false, writableFinished: false };
  const socket = { bytesWritten: 0, writableLength: 0 };
  let cuts: number;
  let stop: () => void;

  beforeEach(() => {
    cuts = 0;
    Object.assign(response, { writableNeedDrain: true, writableEnded: false, writableFinished: false });
    Object.assign(socket, { bytesWritten: 5_000, writableLength: 0 });
    stop = watchPace(response, socket, EXPORT_PACE, () => (cuts += 1));
  });
  afterEach(() => stop());

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
