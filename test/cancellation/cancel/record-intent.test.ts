import { expect, test } from "@jest/globals";
import type { CancellationLedger, CancelIntent } from "../../../src/cancellation/cancellation-ledger.js";
import { BusyError, NothingSentError } from "../../../src/cancellation/errors.js";
import { recordIntent } from "../../../src/cancellation/cancel/record-intent.js";

const INTENT = { request: { orderNo: "ORD-1" } } as CancelIntent;
const CUT = new Error("the connection was cut");
const BUSY = new BusyError(1_000);

test.each([
  [
    "there is no connection: nothing can be stored, and trying again would only take longer",
    [BUSY],
    1,
    false,
  ],
  ["connections are cut: each time it may have been stored", [CUT, CUT, CUT], 3, true],
  ["a connection is cut, and then there is none: it may have been stored", [CUT, BUSY], 2, true],
])("gives up when %s", async (_when, faults, attempts, mayBeStored) => {
  let asked = 0;
  const ledger = {
    recordIntent: () => Promise.reject(faults[asked++] ?? new Error("asked too often")),
  } as unknown as CancellationLedger;
  const error: unknown = await recordIntent(ledger, INTENT, { isOpen: () => true }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NothingSentError);
  expect([asked, (error as NothingSentError).mayBeStored]).toEqual([attempts, mayBeStored]);
});
