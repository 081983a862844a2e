import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { IdentifiedCaller } from "../../src/cancellation/model/caller.js";
import { watchToken } from "../../src/http/caller.js";
import { callerOf } from "../helpers/examples.js";

const MINUTE_MS = 60_000;

let ends: number;
beforeEach(() => {
  jest.useFakeTimers();
  ends = 0;
});
afterEach(() => {
  jest.useRealTimers();
});

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
