import { setTimeout as delay } from "node:timers/promises";
import type { CancellationLedger, Transition } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import { StaleTransitionError } from "./errors.js";
import { contradictionOf, lateFinding } from "./finding.js";
import { canMove } from "./status.js";

export interface OutcomeRecorderParts {
  readonly ledger: CancellationLedger;
  /** How long a caller waits for an outcome to be stored, or a repeated one for the first; not shorter than the upstream's time-out. */
  readonly waitMs: number;
  /** Told of every attempt to store an outcome that failed, with the outcome, so that it stands in the log at least. */
  readonly onNotRecorded: (error: unknown, pending: Cancellation, step: Transition) => void;
  /** Told when a proof comes in against what was decided: a person has to look. */
  readonly onContradiction: (cancellation: Cancellation, step: Transition) => void;
}

/** A database that restarts, or fails over, is back within seconds to minutes. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Commits what the answer proved. What EBP has answered is never dropped because the database is away: it is tried again until it is
 * stored or the process ends, and then recovery finds the row. The caller waits for that only so long, and then gets the
 * cancellation as it stands, PENDING.
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
  parts: OutcomeRecorderParts,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await record(parts, pending, aged(step, performance.now() - began));
    } catch (error) {
      parts.onNotRecorded(error, pending, step);
      // Not a reason for the process to stay: recovery finds the row.
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

/** The lease ran out before, and somebody else is in charge now, or has decided. The result counts as far as it still can. */
async function recordLate(
  parts: OutcomeRecorderParts,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const { ledger } = parts;
  const now = await find(ledger, pending);
  // An attempt before was stored, and its acknowledgement lost.
  if (now.answeredAt !== null) return now;
  // Proof beats doubt, whoever is at it. When it is moved in between, this attempt fails, and the next reads it anew.
  if (canMove(now.status, step.to)) return ledger.recordTransition(now, step);
  if (contradictionOf(now, step) !== null) parts.onContradiction(now, step);
  await ledger.recordFinding(now, lateFinding(now, step));
  return find(ledger, now);
}

async function find(ledger: CancellationLedger, { storeId, id }: Cancellation): Promise<Cancellation> {
  const found = await ledger.find([storeId], id);
  if (found === null) throw new Error(`reading cancellation ${id}: it was there, and is gone`);
  return found;
}

/** The database counts back from the moment it stores the step. */
function aged(step: Transition, byMs: number): Transition {
  return step.sentAgoMs === null ? step : { ...step, sentAgoMs: step.sentAgoMs + byMs };
}
