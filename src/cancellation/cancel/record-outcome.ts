import { setTimeout as delay } from "node:timers/promises";
import type {
  CancelIntent,
  CancellationLedger,
  OnContradiction,
  Transition,
} from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import { StaleTransitionError } from "../model/errors.js";
import { evidenceInWords } from "../model/outcome.js";
import { canMove } from "../model/status.js";
import type { Timing } from "../model/timing.js";
import { lateFinding } from "./finding.js";
import { concludeFromResponse } from "./transitions.js";

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

export interface LateParts {
  readonly ledger: CancellationLedger;
  readonly onContradiction: OnContradiction;
}

/**
 * Commits a proof that comes when somebody else has taken charge of the cancellation, or has decided it. It counts as far as it still
 * can: what EBP has said of the one send, or that money has moved, is so whoever is at it; what has been decided stands.
 * @returns the cancellation as it stands then.
 * @throws StaleTransitionError when it is moved again in between.
 */
export async function recordLate(
  parts: LateParts,
  { storeId, id }: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const now = await find(parts.ledger, storeId, id);
  // An attempt before was stored, and its acknowledgement lost.
  if (step.source === "RESPONSE" && now.answeredAt !== null) return now;
  if (canMove(now.status, step.to)) return parts.ledger.recordTransition(now, step);
  return keep(parts, now, step);
}

/** Keeps what came too late to decide anything: as an event, and as a contradiction where it is one. */
export async function keepLate(
  parts: LateParts,
  { storeId, id }: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  return keep(parts, await find(parts.ledger, storeId, id), step);
}

async function keep(
  { ledger, onContradiction }: LateParts,
  now: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  const finding = lateFinding(now, step);
  if ((await ledger.recordFinding(now, finding)) && finding.contradicts) onContradiction(now, finding);
  return find(ledger, now.storeId, now.id);
}

async function find(ledger: CancellationLedger, storeId: string, id: string): Promise<Cancellation> {
  const found = await ledger.find([storeId], id);
  if (found === null) throw new Error(`reading cancellation ${id}: it was there, and is gone`);
  return found;
}

/** What is at work on one cancellation and has not ended. */
export interface Recording {
  readonly storeId: string;
  readonly id: string;
  readonly orderNo: string;
  /** What is known, and not stored yet; null while it is being sent. */
  readonly step: Transition | null;
}

/** What a process that stops must not forget: cancels being sent, and what is known of them and not stored yet. */
export class Recordings {
  readonly #running = new Map<Promise<unknown>, Recording>();
  readonly #givenUp = new AbortController();

  /** Nothing is tried again from now on. */
  get isOver(): boolean {
    return this.#givenUp.signal.aborted;
  }

  track<T>(recording: Recording, work: Promise<T>): Promise<T> {
    this.#running.set(work, recording);
    const ended = (): void => void this.#running.delete(work);
    work.then(ended, ended);
    return work;
  }

  /** Resolves when nothing is left, or all is given up. */
  async settled(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#givenUp.signal.addEventListener("abort", () => resolve());
    });
    while (this.#running.size > 0 && !this.isOver)
      await Promise.race([Promise.allSettled(this.#running.keys()), over]);
  }

  /** What was left, each cancellation once: what is known of it was added after its sending. */
  giveUp(): Recording[] {
    this.#givenUp.abort();
    return [...new Map([...this.#running.values()].map((one) => [one.id, one])).values()];
  }
}

export interface WithdrawIntentParts extends OutcomeRecorderParts {
  readonly timing: Pick<Timing, "leaseMs">;
}

/** Nobody waits for it; and after an outage there may be many. */
const FIRST_LOOK_PAUSE_MS = 1_000;

/**
 * Nothing was sent for this intent, and nothing will be, because nobody could be told whether it was committed. If it was, or still is, that is
 * recorded as soon as it is seen: otherwise its order would be closed until a lookup finds out what is known here.
 * When this process is killed before, recovery takes it for one in doubt.
 */
export async function withdrawIntent(parts: WithdrawIntentParts, intent: CancelIntent): Promise<void> {
  const reason = "It was not sent: the database did not confirm in time that it was stored.";
  const failure = { resultCode: null, message: reason, details: [] };
  const outcome = { kind: "notSent", failure, evidence: evidenceInWords(reason) } as const;
  const step = concludeFromResponse(intent, { outcome, sentAgoMs: null });

  async function withdraw(): Promise<void> {
    const committed = await findCommitted(parts, intent);
    if (committed !== null) await recordOutcome(parts, committed, step);
  }

  const recording = { storeId: intent.store.id, id: intent.id, orderNo: intent.request.orderNo, step };
  await parts.recordings.track(recording, withdraw());
}

/** A statement that was cut off while it waited for a lock is carried out all the same, once it has the lock: one look proves nothing. */
async function findCommitted(
  { ledger, timing, recordings }: WithdrawIntentParts,
  { store, id }: CancelIntent,
): Promise<Cancellation | null> {
  const lookUntil = performance.now() + timing.leaseMs;
  for (let pauseMs = FIRST_LOOK_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const leftMs = lookUntil - performance.now();
    const found = await ledger.find([store.id], id).catch(() => undefined);
    if (found !== undefined && (found !== null || leftMs <= 0)) return found;
    if (recordings.isOver) return null;
    await delay(leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs, undefined, { ref: false });
  }
}
