import { setTimeout as delay } from "node:timers/promises";
import type {
  CancelIntent,
  CancellationLedger,
  OnContradiction,
  Transition,
} from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import { StaleTransitionError } from "../model/errors.js";
import { evidenceInWords, failureOf } from "../model/outcome.js";
import { canMove } from "../model/status.js";
import type { Timing } from "../model/timing.js";
import { lateFinding, concludeFromResponse } from "./transitions.js";

export interface OutcomeDependencies {
  readonly ledger: CancellationLedger;
  /** How long a caller waits for an outcome to be stored, or for the outcome of a repeated key; at least the upstream's time-out. */
  readonly waitMs: number;
  /** Called for each failed attempt to store an outcome, with the outcome: so it is in the log at least. */
  readonly onNotRecorded: (error: unknown, pending: Cancellation, step: Transition) => void;
  readonly onContradiction: OnContradiction;
  readonly recordings: Recordings;
}

/** A database that restarts, or fails over, is back within seconds to minutes. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Commits what the answer proved. While the database is away this is tried again, until it is stored or a stop gives up; then it is in the
 * log. The caller waits only `waitMs`, and then gets the cancellation as it stands: PENDING.
 */
export async function recordOutcome(
  dependencies: OutcomeDependencies,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const { storeId, id, orderNo } = pending;
  const work = recordUntilStored(dependencies, pending, step);
  const recorded = dependencies.recordings.track({ storeId, id, orderNo, step }, work);
  return new Promise((resolve, reject) => {
    const patience = setTimeout(resolve, dependencies.waitMs, pending);
    void recorded.then(resolve, reject).finally(() => clearTimeout(patience));
  });
}

async function recordUntilStored(
  dependencies: OutcomeDependencies,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    // The database counts back from the moment it stores the step.
    const sentAgoMs = step.sentAgoMs === null ? null : step.sentAgoMs + performance.now() - began;
    try {
      return await recordInTimeOrLate(dependencies, pending, { ...step, sentAgoMs });
    } catch (error) {
      // Somebody else moved it in between: not a fault, and the next attempt reads it again.
      if (!(error instanceof StaleTransitionError)) dependencies.onNotRecorded(error, pending, step);
      if (!dependencies.recordings.isOver) await delay(pause, undefined, { ref: false });
      if (dependencies.recordings.isOver) return pending;
    }
  }
}

async function recordInTimeOrLate(
  dependencies: OutcomeDependencies,
  pending: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  try {
    return await dependencies.ledger.recordTransition(pending, step);
  } catch (error) {
    if (!(error instanceof StaleTransitionError)) throw error;
    return recordLate(dependencies, pending, step);
  }
}

export type LateDependencies = Pick<OutcomeDependencies, "ledger" | "onContradiction">;

/**
 * Commits a proof that comes after somebody else has claimed or decided the cancellation. What has been decided stands; otherwise the proof
 * still decides, whoever holds the lease now.
 * @returns the cancellation as it stands then.
 * @throws StaleTransitionError when it is moved again in between.
 */
export async function recordLate(
  dependencies: LateDependencies,
  before: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const now = await read(dependencies.ledger, before);
  // An earlier attempt was stored, and its acknowledgement lost.
  if (step.source === "RESPONSE" && now.answeredAt !== null) return now;
  if (canMove(now.status, step.to)) return dependencies.ledger.recordTransition(now, step);
  return keepLate(dependencies, now, step);
}

/** Keeps a result that came too late to decide anything: as an event, and as a contradiction where it is one. */
export async function keepLate(
  { ledger, onContradiction }: LateDependencies,
  before: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const now = await read(ledger, before);
  const finding = lateFinding(now, step);
  if ((await ledger.recordFinding(now, finding)) && finding.contradicts) onContradiction(now, finding);
  return read(ledger, now);
}

async function read(ledger: CancellationLedger, { storeId, id }: Cancellation): Promise<Cancellation> {
  const found = await ledger.find([storeId], id);
  if (found === null) throw new Error(`reading cancellation ${id}: it was there, and is gone`);
  return found;
}

/** Work on one cancellation that has not ended. */
export interface Recording {
  readonly storeId: string;
  readonly id: string;
  readonly orderNo: string;
  /** The outcome that is not stored yet; null while the cancel is being sent. */
  readonly step: Transition | null;
}

/** What a process has to wait for before it ends: cancels being sent, and outcomes that are not stored yet. */
export class Recordings {
  readonly #running = new Map<Promise<unknown>, Recording>();
  readonly #givenUp = new AbortController();

  /** True once a stop has given up: nothing is tried again. */
  get isOver(): boolean {
    return this.#givenUp.signal.aborted;
  }

  track<T>(recording: Recording, work: Promise<T>): Promise<T> {
    this.#running.set(work, recording);
    const ended = (): void => void this.#running.delete(work);
    work.then(ended, ended);
    return work;
  }

  /** Resolves when no work is left, or it was given up. */
  async settled(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#givenUp.signal.addEventListener("abort", () => resolve());
    });
    while (this.#running.size > 0 && !this.isOver)
      await Promise.race([Promise.allSettled(this.#running.keys()), over]);
  }

  /** @returns the work left, each cancellation once with its latest: an outcome is tracked after its sending. */
  giveUp(): Recording[] {
    this.#givenUp.abort();
    return [...new Map([...this.#running.values()].map((one) => [one.id, one])).values()];
  }
}

export interface WithdrawDependencies extends OutcomeDependencies {
  readonly timing: Pick<Timing, "leaseMs">;
}

/** Nobody waits for a withdrawal, and after an outage there may be many. */
const FIRST_LOOK_PAUSE_MS = 1_000;

/**
 * Records that nothing was sent, and nothing will be, for an intent whose commit could not be confirmed. Otherwise its order would stay closed
 * until a lookup finds out what is known here. If this process dies first, recovery takes the cancellation for UNKNOWN.
 */
export async function withdrawIntent(
  dependencies: WithdrawDependencies,
  intent: CancelIntent,
): Promise<void> {
  const reason = "It was not sent: the database did not confirm in time that it was stored.";
  const step = concludeFromResponse(intent, {
    outcome: { kind: "notSent", failure: failureOf("NOT_STORED_IN_TIME"), evidence: evidenceInWords(reason) },
    sentAgoMs: null,
  });
  const withdrawn = findCommitted(dependencies, intent).then((committed) =>
    committed === null ? null : recordOutcome(dependencies, committed, step),
  );
  const recording = { storeId: intent.store.id, id: intent.id, orderNo: intent.request.orderNo, step };
  await dependencies.recordings.track(recording, withdrawn);
}

/** Looks until the lease is over: a statement that was cut off while it waited for a lock still runs once it has the lock. */
async function findCommitted(
  { ledger, timing, recordings }: WithdrawDependencies,
  { store, id }: CancelIntent,
): Promise<Cancellation | null> {
  const lookUntil = performance.now() + timing.leaseMs;
  let pauseMs = FIRST_LOOK_PAUSE_MS;
  for (; !recordings.isOver; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const leftMs = lookUntil - performance.now();
    const found = await ledger.find([store.id], id).catch(() => undefined);
    if (found !== undefined && (found !== null || leftMs <= 0)) return found;
    await delay(leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs, undefined, { ref: false });
  }
  return null;
}
