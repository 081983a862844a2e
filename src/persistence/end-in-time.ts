import { setTimeout as delay } from "node:timers/promises";

/** A database that is there answers within milliseconds; one that is gone without a word never does. */
const FAREWELL_MS = 2_000;

/** Waits for the end of a connection, or of a pool, and not for a database that is gone: a stop would. */
export async function endInTime(ended: Promise<unknown>): Promise<void> {
  await Promise.race([ended.catch(() => undefined), delay(FAREWELL_MS, undefined, { ref: false })]);
}
