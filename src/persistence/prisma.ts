import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client.js";

/** Connections in one pool. Two durable steps of a few milliseconds each per cancel need no more. */
const POOL_SIZE = 10;
/** How long a request waits for a free connection before it fails clearly. */
const POOL_WAIT_MS = 5_000;

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
/** Past this the connection is taken for dead, as after a failover that drops packets: what waits on it is tried again. */
const QUERY_TIMEOUT_MS = 30_000;

/** Opens no connection until the first query. */
export function createPrisma(url: string): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: withSession(url),
    max: POOL_SIZE,
    connectionTimeoutMillis: POOL_WAIT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  return new PrismaClient({ adapter });
}

/** In the URL, after what stands there: an `options` of the URL would replace one given beside it, and the last setting counts. */
function withSession(url: string): string {
  const parsed = new URL(url);
  const given = parsed.searchParams.get("options");
  parsed.searchParams.set("options", given === null ? SESSION : `${given} ${SESSION}`);
  return parsed.href;
}

export class UnsuitableSessionError extends Error {
  override readonly name = "UnsuitableSessionError";
}

/** @throws UnsuitableSessionError when something between here and PostgreSQL drops the settings a session needs. */
export async function assertSession(prisma: PrismaClient): Promise<void> {
  const [session] = await prisma.$queryRaw<{ zone: string; isolation: string }[]>`
    SELECT current_setting('TimeZone') AS zone, current_setting('transaction_isolation') AS isolation`;
  if (session?.zone === "UTC" && session.isolation === "read committed") return;
  throw new UnsuitableSessionError(
    `The database sessions have TimeZone ${session?.zone ?? "?"} and isolation ${session?.isolation ?? "?"}, not UTC and read committed: ` +
      "a pooler in between may drop the settings. Set both for the database role with ALTER ROLE … SET",
  );
}

export async function isDatabaseUp(prisma: PrismaClient): Promise<boolean> {
  try {
    await prisma.$queryRaw`SELECT 1`;
    return true;
  } catch {
    return false;
  }
}
