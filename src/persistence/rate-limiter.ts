import pg from "pg";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { poolOptions } from "./pool-options.js";

/** Takes so many points of what a bucket has for a minute. The minute begins with the first of them. */
export type TakePoints = (bucket: string, points: number) => Promise<PointsTaken>;
export type PointsTaken =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

export interface RateLimiters {
  readonly takeMutations: TakePoints;
  readonly takeQueryCost: TakePoints;
  /** Forgets what has run out; done by itself every few minutes. */
  removeExpired(): Promise<void>;
  close(): Promise<void>;
}

export interface RateLimiterOptions {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  /** Where all replicas count together; null: each counts for itself, in memory. */
  readonly databaseUrl: string | null;
  /** Told when the shared counters cannot be reached, and counts are kept in memory for a while instead. */
  readonly onStoreAway: (error: unknown) => void;
}

const WINDOW_SECONDS = 60;
/** The table that the migrations make. */
const TABLE = "rate_limit";
/** One short statement per request; with more at once than these can do, counting in memory is the better limit. */
const POOL_SIZE = 2;
/** Nobody waits longer than this to be counted. */
const STORE_TIMEOUT_MS = 500;
/** For so long counts are kept in memory before the shared counters are tried again: else every request would wait for them. */
const AWAY_MS = 5_000;
/** Seldom enough to cost nothing, often enough that the table stays as small as the callers of some minutes. */
const REMOVE_EXPIRED_EVERY_MS = 5 * 60_000;

export function createRateLimiters(options: RateLimiterOptions): RateLimiters {
  const limits = { mutation: options.mutationsPerMinute, query: options.queryCostPerMinute };
  const memory = {
    mutation: new RateLimiterMemory({
      keyPrefix: "mutation",
      points: limits.mutation,
      duration: WINDOW_SECONDS,
    }),
    query: new RateLimiterMemory({ keyPrefix: "query", points: limits.query, duration: WINDOW_SECONDS }),
  };
  if (options.databaseUrl === null) {
    return {
      takeMutations: (bucket, points) => take(memory.mutation, bucket, points),
      takeQueryCost: (bucket, points) => take(memory.query, bucket, points),
      // The library forgets each by itself when it runs out.
      removeExpired: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  const pool = openPool(options.databaseUrl);
  const shared = {
    mutation: inDatabase(pool, "mutation", limits.mutation),
    query: inDatabase(pool, "query", limits.query),
  };
  let triedAgainAt = 0;

  /** A store that is away must not refuse everybody, nor let everybody through. */
  async function takeShared(
    what: "mutation" | "query",
    bucket: string,
    points: number,
  ): Promise<PointsTaken> {
    if (performance.now() >= triedAgainAt) {
      try {
        return await take(shared[what], bucket, points);
      } catch (error) {
        triedAgainAt = performance.now() + AWAY_MS;
        options.onStoreAway(error);
      }
    }
    return take(memory[what], bucket, points);
  }

  const removeExpired = async (): Promise<void> => {
    await pool.query(`DELETE FROM ${TABLE} WHERE expire <= $1`, [Date.now()]);
  };
  const removing = setInterval(
    () => void removeExpired().catch(options.onStoreAway),
    REMOVE_EXPIRED_EVERY_MS,
  );
  removing.unref();
  return {
    takeMutations: (bucket, points) => takeShared("mutation", bucket, points),
    takeQueryCost: (bucket, points) => takeShared("query", bucket, points),
    removeExpired,
    close: () => {
      clearInterval(removing);
      return pool.end();
    },
  };
}

function openPool(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({
    ...poolOptions(databaseUrl),
    max: POOL_SIZE,
    connectionTimeoutMillis: STORE_TIMEOUT_MS,
    query_timeout: STORE_TIMEOUT_MS,
  });
  // An idle connection that breaks is gone from the pool already; unheard, it would end the process.
  pool.on("error", () => undefined);
  return pool;
}

function inDatabase(pool: pg.Pool, keyPrefix: string, points: number): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: pool,
    // The library goes by the name of the class, which it does not know.
    storeType: "pool",
    tableName: TABLE,
    tableCreated: true,
    keyPrefix,
    points,
    duration: WINDOW_SECONDS,
    // Whoever has used up a minute is refused from memory until it is over: a flood does not reach the database.
    inMemoryBlockOnConsumed: points + 1,
    // Its timer could not be stopped.
    clearExpiredByTimeout: false,
  });
}

async function take(
  limiter: RateLimiterMemory | RateLimiterPostgres,
  bucket: string,
  points: number,
): Promise<PointsTaken> {
  try {
    await limiter.consume(bucket, points);
    return { allowed: true };
  } catch (refusal) {
    // It rejects with what is left, which is not an error, when there is not enough.
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)) };
  }
}
