import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LOOKUP_DELAYS_MS, MATCH_DELAYS_MS, timingOf } from "../../../src/cancellation/model/timing.js";

const DAY = 86_400_000;

describe.each([
  ["lookups", LOOKUP_DELAYS_MS, 30],
  ["attempts to match a webhook", MATCH_DELAYS_MS, 2],
])("the plan of %s", (_what, delays, days) => {
  test("never comes sooner than before, and ends with one a day", () => {
    expect([...delays].sort((a, b) => a - b)).toEqual(delays);
    expect(delays.slice(-days)).toEqual(Array.from({ length: days }, () => DAY));
    expect(Math.max(...delays.slice(0, -days))).toBeLessThan(DAY);
  });

  test("has an end, and every delay is a whole number of milliseconds", () => {
    for (const delay of delays) expect(Number.isInteger(delay) && delay > 0).toBe(true);
    const whole = delays.reduce((sum, delay) => sum + delay, 0);
    expect(whole).toBeGreaterThan(days * DAY);
    expect(whole).toBeLessThan((days + 1) * DAY);
  });
});

test("the first lookups are after 15 s, 1 min, 5 min, 30 min and 2 h", () => {
  expect(LOOKUP_DELAYS_MS.slice(0, 5)).toEqual([15_000, 60_000, 300_000, 1_800_000, 7_200_000]);
});

test("a lease lasts for sending, for answering and for storing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120_000 }), fc.nat(), (timeoutMs, settlingMs) => {
      const timing = timingOf(timeoutMs, settlingMs);
      expect(timing).toEqual({ sendWithinMs: timeoutMs, leaseMs: 3 * timeoutMs, settlingMs });
    }),
  );
});
