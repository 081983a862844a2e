import { setTimeout as delay } from "node:timers/promises";
import type { PointsTaken } from "../../cancellation/model/caller.js";

/**
 * Resolves when the next event of a subscription may be read: each is charged like a query, and where the minute's worth is used up,
 * the stream waits for the next minute. What changes meanwhile is told as it then stands.
 * @returns false when the stream has ended meanwhile.
 */
export async function paceEvent(
  take: (points: number) => Promise<PointsTaken>,
  points: number,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    if (signal.aborted) return false;
    const taken = await take(points);
    if (taken.allowed) return true;
    await delay(taken.retryAfterSeconds * 1_000, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
