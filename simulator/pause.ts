import { setTimeout as delay } from "node:timers/promises";

/** Waits, or is over at once when the signal is given. Does not keep the process alive. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
