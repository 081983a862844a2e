import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Clock, openSendWindow, recordIntent } from "../../../src/cancellation/cancel/cancel-payment.js";
import type {
  CancelIntent,
  CancellationLedger,
  IntentResult,
} from "../../../src/cancellation/model/cancellation-ledger.js";
import { BusyError, NothingSentError } from "../../../src/cancellation/model/errors.js";
import { timingOf } from "../../../src/cancellation/model/timing.js";

const INTENT = { id: "ours", request: { orderNo: "ORD-1" } } as CancelIntent;

const CUT = new Error("the connection was cut");

const BUSY = new BusyError(1_000);

const ORDER_BUSY = { kind: "orderBusy", blocking: {} } as IntentResult;

const OURS = { kind: "keyUsed", cancellation: { id: "ours" } } as IntentResult;

const RECORDED = { kind: "recorded", cancellation: { id: "ours" } } as IntentResult;

/** The result of recording the intent, the number of attempts, and how often it was withdrawn. */
async function attempts(
  results: readonly (Error | IntentResult)[],
): Promise<{ result: unknown; asked: number; withdrawn: number }> {
  let [asked, withdrawn] = [0, 0];
  const ledger = {
    recordIntent: () => {
      const next = results[asked++] ?? new Error("asked too often");
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  } as unknown as CancellationLedger;
  const result: unknown = await recordIntent(
    ledger,
    INTENT,
    { isOpen: () => true },
    () => (withdrawn += 1),
  ).catch((thrown: unknown) => thrown);
  return { result, asked, withdrawn };
}

test.each<[string, Error[], number, number]>([
  ["no connection is free: nothing is stored", [BUSY], 1, 0],
  ["each connection is cut: it may be stored", [CUT, CUT, CUT], 3, 1],
  ["a connection is cut, and then none is free: it may be stored", [CUT, BUSY], 2, 1],
])("recording an intent gives up when %s", async (_when, faults, asked, withdrawn) => {
  const gaveUp = await attempts(faults);
  expect(gaveUp).toMatchObject({ asked, withdrawn });
  expect(gaveUp.result).toBeInstanceOf(NothingSentError);
});

test.each<[string, (Error | IntentResult)[], IntentResult, number]>([
  ["the first attempt is refused: nothing can be stored", [ORDER_BUSY], ORDER_BUSY, 0],
  ["a later one is refused: the first may be stored yet", [CUT, ORDER_BUSY], ORDER_BUSY, 1],
  ["a later one is stored: the first cannot be", [CUT, RECORDED], RECORDED, 0],
  ["a later one finds that the first was stored", [CUT, OURS], RECORDED, 0],
])(
  "an intent is withdrawn only if it may be stored and is not sent: %s",
  async (_when, results, result, withdrawn) => {
    expect(await attempts(results)).toEqual({ result, asked: results.length, withdrawn });
  },
);

/** Clocks that a test sets. */
class Hands implements Clock {
  constructor(
    public monotonic = 0,
    public wall = 0,
  ) {}
  monotonicMs(): number {
    return this.monotonic;
  }
  wallMs(): number {
    return this.wall;
  }
}

const LENGTH_MS = 10_000;

describe("a send window", () => {
  test("is open at once, and closes when its length is over", () => {
    const clock = new Hands(5, 1_800_000_000_000);
    const window = openSendWindow(clock, LENGTH_MS);
    expect(window.isOpen()).toBe(true);
    for (const [passed, open] of [
      [LENGTH_MS - 1, true],
      [LENGTH_MS, false],
    ] as const) {
      [clock.monotonic, clock.wall] = [5 + passed, 1_800_000_000_000 + passed];
      expect(window.isOpen()).toBe(open);
    }
  });

  test.each([
    ["was stopped: both clocks went on", LENGTH_MS, LENGTH_MS],
    ["was suspended: only the wall clock went on", 0, LENGTH_MS],
    ["had its wall clock set back: only the monotonic clock went on", LENGTH_MS, -3_600_000],
    ["had its wall clock set forward", 0, 3_600_000],
  ])("is closed when the process %s", (_what, monotonic, wall) => {
    const clock = new Hands();
    const window = openSendWindow(clock, LENGTH_MS);
    [clock.monotonic, clock.wall] = [monotonic, wall];
    expect(window.isOpen()).toBe(false);
  });

  test("is open while neither clock has passed its length, however wrong the wall clock is", () => {
    const ms = fc.integer({ min: -30_000, max: 30_000 });
    const offset = fc.integer({ min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(
        fc.nat(30_000),
        ms,
        offset,
        fc.integer({ min: 1, max: 20_000 }),
        (mono, wall, off, length) => {
          const states = [0, off].map((by) => {
            const clock = new Hands(1_000, 5_000 + by);
            const window = openSendWindow(clock, length);
            clock.monotonic += mono;
            clock.wall += wall;
            return window.isOpen();
          });
          expect(states).toEqual([mono < length && wall < length, mono < length && wall < length]);
        },
      ),
    );
  });

  test("does not open again as time goes on", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { minLength: 1 }), (steps) => {
        const clock = new Hands();
        const window = openSendWindow(clock, LENGTH_MS);
        const seen = steps.map((step) => {
          clock.monotonic += step;
          clock.wall += step;
          return window.isOpen();
        });
        expect(seen).toEqual([...seen].sort((a, b) => Number(b) - Number(a)));
      }),
    );
  });

  test("closes early enough for EBP to use its whole time-out before the lease expires", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120_000 }), (timeoutMs) => {
        const { sendWithinMs, leaseMs } = timingOf(timeoutMs, 600_000);
        expect(sendWithinMs + timeoutMs).toBeLessThan(leaseMs);
      }),
    );
  });
});
