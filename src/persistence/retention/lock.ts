import { Connection } from "../connection.js";
import { poolOptions } from "../pool-options.js";

/** Any number that no other program takes for itself on this database. */
const LOCK = 4_271_998_250_113;

/**
 * Does the work while nobody else on this database does it; null when somebody else is at it. Two at a time would lose nothing, but archive
 * everything twice. The lock ends with its connection, whatever becomes of this process.
 */
export async function withRetentionLock<T>(
  url: string,
  work: (isHeld: () => boolean) => Promise<T>,
): Promise<T | null> {
  const client = new Connection(poolOptions(url));
  const lock = { isHeld: true };
  client.on("error", () => (lock.isHeld = false));
  await client.connect();
  try {
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1) AS locked", [
      LOCK,
    ]);
    return rows[0]?.locked === true ? await work(() => lock.isHeld) : null;
  } finally {
    await client.end();
  }
}
