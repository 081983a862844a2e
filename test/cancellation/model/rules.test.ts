import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { NEXT_STEPS, nextStepOf } from "../../../src/cancellation/model/cancellation.js";
import { assertCanMove, CANCELLATION_STATUSES } from "../../../src/cancellation/model/status.js";
import { currencyDecimals } from "../../../src/cancellation/model/store.js";
import { LOOKUP_DELAYS_MS, MATCH_DELAYS_MS, timingOf } from "../../../src/cancellation/model/timing.js";
import { errorsOf } from "../../../src/cancellation/model/user-error.js";
import { ASKED_AT, cancellation } from "../../helpers/cancellations.js";

describe("a currency", () => {
  test.each([
    ["KRW", 0],
    ["JPY", 0],
    ["USD", 2],
    ["IDR", 2],
    ["KWD", 3],
    ["CLF", 4],
    ["XXZ", undefined],
  ])("%s has %s decimals in ISO 4217", (code, decimals) => {
    expect(currencyDecimals(code)).toBe(decimals);
  });
});

describe("a cancellation", () => {
  const allowed = [
    "PENDING SUCCEEDED",
    "PENDING FAILED",
    "PENDING UNKNOWN",
    "UNKNOWN SUCCEEDED",
    "UNKNOWN FAILED",
  ];
  const pairs = CANCELLATION_STATUSES.flatMap((from) =>
    CANCELLATION_STATUSES.map((to) => [from, to] as const),
  );

  test.each(pairs)("moves from %s to %s only if the table says so", (from, to) => {
    const move = (): void => {
      assertCanMove(from, to);
    };
    if (allowed.includes(`${from} ${to}`)) expect(move).not.toThrow();
    else expect(move).toThrow(`a cancellation cannot move from ${from} to ${to}`);
  });
});

describe("the next step", () => {
  test.each([
    ["PENDING", ASKED_AT, "OUTCOME"],
    ["UNKNOWN", ASKED_AT, "LOOKUP"],
    ["UNKNOWN", null, "OPERATOR"],
    ["SUCCEEDED", null, null],
    ["FAILED", null, null],
  ] as const)("of %s with its next lookup at %s is %s", (status, nextCheckAt, next) => {
    expect(nextStepOf(cancellation(status, { nextCheckAt }))).toBe(next);
  });

  test("exists for an open cancellation, and not for a decided one", () => {
    for (const status of CANCELLATION_STATUSES) {
      const open = status === "PENDING" || status === "UNKNOWN";
      for (const nextCheckAt of [ASKED_AT, null]) {
        const next = nextStepOf(cancellation(status, { nextCheckAt }));
        if (open) expect(NEXT_STEPS).toContain(next);
        else expect(next).toBeNull();
      }
    }
  });

  test("is told in the error of an UNKNOWN cancellation: EBP is asked again, or an operator is needed", () => {
    expect(errorsOf(cancellation("UNKNOWN"))[0]?.message).toContain("EBP is asked again automatically");
    expect(errorsOf(cancellation("UNKNOWN", { nextCheckAt: null }))[0]?.message).toContain("an operator");
  });
});

const DAY = 86_400_000;

describe.each([
  ["lookups", LOOKUP_DELAYS_MS, 30],
  ["attempts to match a webhook", MATCH_DELAYS_MS, 2],
])("the plan of %s", (_what, delays, days) => {
  test("has growing delays, and ends with one attempt a day", () => {
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
