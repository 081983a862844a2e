import { setTimeout as delay } from "node:timers/promises";
import type { CancelIntent } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import { concludeFromResponse } from "./conclude.js";
import { evidenceInWords } from "../model/outcome.js";
import { recordOutcome, type OutcomeRecorderParts } from "./record-outcome.js";
import type { Timing } from "../model/timing.js";

export interface WithdrawIntentParts extends OutcomeRecorderParts {
  readonly timing: Pick<Timing, "leaseMs">;
}

/** Nobody waits for it; and after an outage there may be many. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

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
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const leftMs = lookUntil - performance.now();
    const found = await ledger.find([store.id], id).catch(() => undefined);
    if (found !== undefined && (found !== null || leftMs <= 0)) return found;
    if (recordings.isOver) return null;
    await delay(leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs, undefined, { ref: false });
  }
}
