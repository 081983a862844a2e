import { describe, expect, test } from "@jest/globals";
import { openSendWindow, recordIntent } from "../../../src/cancellation/cancel/cancel-payment.js";
import type {
  CancelIntent,
  CancellationLedger,
  IntentResult,
} from "../../../src/cancellation/model/cancellation-ledger.js";
import { BusyError, NothingSentError } from "../../../src/cancellation/model/errors.js";
import { LOOKUP_DELAYS_MS, MATCH_DELAYS_MS, timingOf } from "../../../src/cancellation/model/timing.js";

const INTENT = { id: "ours", request: { orderNo: "ORD-1" } } as CancelIntent;

const CUT = new Error("the connection was cut");
const BUSY = new BusyError();
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
  const recording = recordIntent(ledger, INTENT, { isOpen: () => true }, () => (withdrawn += 1));
  const result = await recording.catch((thrown: unknown) => thrown);
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

const LENGTH_MS = 10_000;

describe("a send window", () => {
  test.each([
    ["has just opened", 0, 0, true],
    ["is about to close", LENGTH_MS - 1, LENGTH_MS - 1, true],
    ["is over", LENGTH_MS, LENGTH_MS, false],
    ["is over by the wall clock alone: a suspended machine, or a clock set forward", 0, LENGTH_MS, false],
    ["is over by the monotonic clock alone: the wall clock was set back", LENGTH_MS, -3_600_000, false],
  ])("that %s is open only while neither clock has passed its length", (_what, monotonic, wall, isOpen) => {
    for (const started of [0, 1_800_000_000_000]) {
      const clock = { monotonic: 5, wall: started };
      const window = openSendWindow(
        { monotonicMs: () => clock.monotonic, wallMs: () => clock.wall },
        LENGTH_MS,
      );
      clock.monotonic += monotonic;
      clock.wall += wall;
      expect(window.isOpen()).toBe(isOpen);
    }
  });

  test("closes early enough for EBP to use its whole time-out, and for storing its answer, before the lease expires", () => {
    expect(timingOf(5_000, 600_000)).toEqual({ sendWithinMs: 5_000, leaseMs: 15_000, settlingMs: 600_000 });
  });
});

const [MINUTE, HOUR] = [60_000, 3_600_000];
test.each([
  ["lookups", LOOKUP_DELAYS_MS, 30, [15_000, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR]],
  ["matches of a webhook", MATCH_DELAYS_MS, 2, [5_000, 15_000, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR]],
])("the plan of %s has growing delays, and ends after one attempt a day", (_what, delays, days, first) => {
  expect(delays).toEqual([...first, ...Array.from({ length: days }, () => 24 * HOUR)]);
});
