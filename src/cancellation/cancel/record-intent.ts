import { setTimeout as delay } from "node:timers/promises";
import type { CancellationLedger, CancelIntent, IntentResult } from "../model/cancellation-ledger.js";
import { BusyError, NothingSentError, SendingHeldError } from "../model/errors.js";
import type { SendWindow } from "./send-window.js";

/** A connection that was cut is followed by a good one at once, or by none for longer than a caller waits. */
const ATTEMPTS = 3;
const PAUSE_MS = 50;

/**
 * Commits the intent. When an attempt ends without an acknowledgement, the next finds out whether it was committed: the row it
 * then meets carries the id that only this call knows, so this call, and nobody else, sends it. Where there is no connection to be
 * had, there is none for a next attempt either.
 * @param withdraw told when an attempt that was cut off may still be committed, and will not be sent: by the time a later one is refused, the
 * first may be waiting for a lock.
 * @throws NothingSentError when that could not be found out.
 * @throws SendingHeldError while no cancel may be sent.
 */
export async function recordIntent(
  ledger: CancellationLedger,
  intent: CancelIntent,
  window: SendWindow,
  withdraw: () => void,
): Promise<IntentResult> {
  let mayBeStored = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result = await ledger.recordIntent(intent);
      const isOurs = result.kind === "keyUsed" && result.cancellation.id === intent.id;
      if (isOurs) return { kind: "recorded", cancellation: result.cancellation };
      if (mayBeStored && result.kind !== "recorded") withdraw();
      return result;
    } catch (error) {
      if (error instanceof SendingHeldError) {
        if (mayBeStored) withdraw();
        throw error;
      }
      const isBusy = error instanceof BusyError;
      mayBeStored ||= !isBusy;
      if (isBusy || attempt >= ATTEMPTS || !window.isOpen()) {
        if (mayBeStored) withdraw();
        throw new NothingSentError(intent.request.orderNo, error);
      }
      await delay(PAUSE_MS * attempt);
    }
  }
}
