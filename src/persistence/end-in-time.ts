import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";

/** A database that is there answers within milliseconds; one that is gone without a word never does. */
const FAREWELL_MS = 2_000;

/** Ends a connection, and does not wait for a database that is gone: a stop would. */
export async function endInTime(client: pg.Client): Promise<void> {
  const ended = client.end().catch(() => undefined);
  await Promise.race([ended, delay(FAREWELL_MS, undefined, { ref: false })]);
}
