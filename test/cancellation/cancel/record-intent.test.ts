import { expect, test } from "@jest/globals";
import { recordIntent } from "../../../src/cancellation/cancel/cancel-payment.js";
import type {
  CancelIntent,
  CancellationLedger,
  IntentResult,
} from "../../../src/cancellation/model/cancellation-ledger.js";
import { BusyError, NothingSentError } from "../../../src/cancellation/model/errors.js";

const INTENT = { id: "ours", request: { orderNo: "ORD-1" } } as CancelIntent;
const CUT = new Error("the connection was cut");
const BUSY = new BusyError(1_000);
const ORDER_BUSY = { kind: "orderBusy", blocking: {} } as IntentResult;
const OURS = { kind: "keyUsed", cancellation: { id: "ours" } } as IntentResult;
const RECORDED = { kind: "recorded", cancellation: { id: "ours" } } as IntentResult;

/** What came of it, after how many attempts, and how often the intent was withdrawn. */
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
  ["there is no connection: nothing can be stored, and trying again would only take longer", [BUSY], 1, 0],
  ["connections are cut: each time it may have been stored", [CUT, CUT, CUT], 3, 1],
  ["a connection is cut, and then there is none: it may have been stored", [CUT, BUSY], 2, 1],
])("gives up when %s", async (_when, faults, asked, withdrawn) => {
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
