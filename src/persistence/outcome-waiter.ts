import { setTimeout as delay } from "node:timers/promises";
import type { CancellationLedger } from "../cancellation/model/cancellation-ledger.js";
import type { Cancellation } from "../cancellation/model/cancellation.js";
import type { CancellationHistory } from "../cancellation/history/history.js";

/** Short enough that a repeated request is hardly slower than the first, long enough to cost nothing. */
const FIRST_POLL_MS = 20;
/** A cancel that is not over after a second is slow: there is no hurry then. */
const LONGEST_POLL_MS = 250;

/**
 * Waits by reading the row again: the first request may be served by another replica. However many callers wait for one
 * cancellation, a process reads for them once.
 */
export function createOutcomeWaiter(history: CancellationHistory): CancellationLedger["awaitOutcome"] {
  const waiting = new Map<string, Promise<Cancellation>>();

  return (cancellation, timeoutMs) => {
    const shared = waiting.get(cancellation.id);
    if (shared !== undefined) return shared;
    const started = poll(cancellation, timeoutMs).finally(() => waiting.delete(cancellation.id));
    waiting.set(cancellation.id, started);
    return started;
  };

  async function poll(pending: Cancellation, timeoutMs: number): Promise<Cancellation> {
    const deadline = performance.now() + timeoutMs;
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 2, LONGEST_POLL_MS)) {
      const now = (await history.find([pending.storeId], pending.id)) ?? pending;
      const left = deadline - performance.now();
      if (now.status !== "PENDING" || left <= 0) return now;
      await delay(Math.min(pause, left));
    }
  }
}
