import { setTimeout as delay } from "node:timers/promises";

/** Takes so many points of what a caller has for a minute. */
export type TakePoints = (
  points: number,
) => Promise<{ readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number }>;

/**
 * Resolves when the next event of a subscription may be read: each is charged like a query, and where the minute's worth is used up,
 * the stream waits for the next minute. What changes meanwhile is told as it then stands.
 * @returns false when the stream has ended meanwhile.
 */
export async function paceEvent(take: TakePoints, points: number, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    if (signal.aborted) return false;
    const taken = await take(points);
    if (taken.allowed) return true;
    await delay(taken.retryAfterSeconds * 1_000, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
