import type { PoolConfig } from "pg";

/**
 * Prisma's adapter reads and writes times without their zone, so the session's must be UTC. The statements that hold between
 * replicas wait for a row and then read its newest version, which only READ COMMITTED does.
 */
const SESSION = [
  "-c TimeZone=UTC",
  "-c default_transaction_isolation=read\\ committed",
  // A process that is stopped, or cut off, between two statements of a transaction must not hold its rows from all others.
  "-c idle_in_transaction_session_timeout=5s",
  // And whoever waits for a row for longer than that gives its connection back; nobody holds one so long for a good reason.
  "-c lock_timeout=10s",
].join(" ");

/** What only reads, and for whoever waits for an answer, is ended by the database after this time: nobody looks at it any more. */
export const READ_MS = 20_000;
export const READS = `-c statement_timeout=${READ_MS}`;

/** What every connection of this service has in common: how its session is set, and that a dead network is noticed. */
export function poolOptions(url: string, ...settings: readonly string[]): PoolConfig {
  return { connectionString: withSession(url, settings), keepAlive: true };
}

/** In the URL, after what stands there: an `options` of the URL would replace one given beside it, and the last setting counts. */
function withSession(url: string, settings: readonly string[]): string {
  const parsed = new URL(url);
  const given = parsed.searchParams.get("options");
  const all = [...(given === null ? [] : [given]), SESSION, ...settings];
  parsed.searchParams.set("options", all.join(" "));
  return parsed.href;
}
