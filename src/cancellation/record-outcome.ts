import { setTimeout as delay } from "node:timers/promises";
import type { CancellationLedger, Transition } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import { StaleTransitionError } from "./errors.js";

export interface OutcomeRecorderParts {
  readonly ledger: CancellationLedger;
  /** How long a caller waits for an outcome to be stored, or a repeated one for the first; not shorter than the upstream's time-out. */
  readonly waitMs: number;
  /** Told of every attempt to store an outcome that failed, with the outcome, so that it stands in the log at least. */
  readonly onNotRecorded: (error: unknown, pending: Cancellation, step: Transition) => void;
}

/** A database that restarts, or fails over, is back within seconds to minutes. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** Past this it is not the database that is away, and a person has to look; the log holds the outcome. */
const GIVE_UP_AFTER_MS = 15 * 60_000;

/**
 * Commits what the answer proved. What EBP has answered is never dropped because the database is away: it is tried again until it is
 * stored. The caller waits for that only so long, and then gets the cancellation as it stands, PENDING.
 */
export async function recordOutcome(
  parts: OutcomeRecorderParts,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const waiting = new AbortController();
  const recorded = recordUntilStored(parts, pending, step);
  const patience = delay(parts.waitMs, pending, { signal: waiting.signal });
  try {
    return await Promise.race([recorded, patience]);
  } finally {
    waiting.abort();
    // Whichever lost the race is awaited by nobody.
    patience.catch(() => undefined);
    recorded.catch(() => undefined);
  }
}

async function recordUntilStored(
  { ledger, onNotRecorded }: OutcomeRecorderParts,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await ledger.recordTransition(pending, step);
    } catch (error) {
      // An attempt before was stored and its acknowledgement lost; or somebody else has decided.
      if (error instanceof StaleTransitionError) return ledger.awaitOutcome(pending, 0);
      onNotRecorded(error, pending, step);
      if (performance.now() > giveUpAt) throw error;
      // Not a reason for the process to stay: recovery finds the row.
      await delay(pause, undefined, { ref: false });
    }
  }
}
