import { setTimeout as delay } from "node:timers/promises";
import type { CancellationLedger, Transition } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import { StaleTransitionError } from "../model/errors.js";
import { recordLate } from "./record-late.js";
import type { Recordings } from "./recordings.js";
import type { OnContradiction } from "../reconcile/finding.js";

export interface OutcomeRecorderParts {
  readonly ledger: CancellationLedger;
  /** How long a caller waits for an outcome to be stored, or a repeated one for the first; not shorter than the upstream's time-out. */
  readonly waitMs: number;
  /** Told of every attempt to store an outcome that failed, with the outcome, so that it stands in the log at least. */
  readonly onNotRecorded: (error: unknown, pending: Cancellation, step: Transition) => void;
  readonly onContradiction: OnContradiction;
  /** What the process has to wait for before it ends. */
  readonly recordings: Recordings;
}

/** A database that restarts, or fails over, is back within seconds to minutes. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Commits what the answer proved. What EBP has answered is never dropped because the database is away: it is tried again until it is
 * stored, or a stop has waited for it as long as it may; then it is in the log. The caller waits only so long, and then gets the
 * cancellation as it stands, PENDING.
 */
export async function recordOutcome(
  parts: OutcomeRecorderParts,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const { storeId, id, orderNo } = pending;
  const recorded = parts.recordings.track(
    { storeId, id, orderNo, step },
    recordUntilStored(parts, pending, step),
  );
  return new Promise((resolve, reject) => {
    const patience = setTimeout(resolve, parts.waitMs, pending);
    void recorded.then(resolve, reject).finally(() => clearTimeout(patience));
  });
}

async function recordUntilStored(
  parts: OutcomeRecorderParts,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await record(parts, pending, aged(step, performance.now() - began));
    } catch (error) {
      // Moved by somebody else while it was read: not a fault, and the next attempt sees it as it is then.
      if (!(error instanceof StaleTransitionError)) parts.onNotRecorded(error, pending, step);
      if (parts.recordings.isOver) return pending;
      await delay(pause, undefined, { ref: false });
    }
  }
}

async function record(
  parts: OutcomeRecorderParts,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  try {
    return await parts.ledger.recordTransition(pending, step);
  } catch (error) {
    if (!(error instanceof StaleTransitionError)) throw error;
    return recordLate(parts, pending, step);
  }
}

/** The database counts back from the moment it stores the step. */
function aged(step: Transition, byMs: number): Transition {
  return step.sentAgoMs === null ? step : { ...step, sentAgoMs: step.sentAgoMs + byMs };
}
