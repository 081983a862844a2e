import { setTimeout as delay } from "node:timers/promises";
import type { CancelIntent } from "../cancellation-ledger.js";
import type { Cancellation } from "../cancellation.js";
import { concludeFromResponse } from "./conclude.js";
import { evidenceInWords } from "../outcome.js";
import { recordOutcome, type OutcomeRecorderParts } from "./record-outcome.js";

/** Nobody waits for it. */
const PAUSE_MS = 1_000;

/**
 * Nothing was sent for this intent, and nothing will be, because nobody could be told whether it was committed. If it was, that is
 * recorded as soon as the database is back: otherwise its order would be closed until a lookup finds out what is known here.
 * When this process ends before, recovery takes it for one in doubt.
 */
export async function withdrawIntent(parts: OutcomeRecorderParts, intent: CancelIntent): Promise<void> {
  const committed = await findUntilAnswered(parts, intent);
  if (committed === null) return;
  const reason = "It was not sent: the database did not confirm in time that it was stored.";
  const failure = { resultCode: null, message: reason, details: [] };
  const outcome = { kind: "notSent", failure, evidence: evidenceInWords(reason) } as const;
  await recordOutcome(parts, committed, concludeFromResponse(intent, { outcome, sentAgoMs: null }));
}

async function findUntilAnswered(
  { ledger }: OutcomeRecorderParts,
  { store, id }: CancelIntent,
): Promise<Cancellation | null> {
  for (;;) {
    try {
      return await ledger.find([store.id], id);
    } catch {
      await delay(PAUSE_MS, undefined, { ref: false });
    }
  }
}
