import { endInTime } from "./pool-queue.js";
import pg from "pg";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import type { ChargePenalty, PointsTaken, TakePoints } from "../cancellation/model/caller.js";
import { sessionConfig } from "./session.js";

export interface RateLimiters {
  readonly takeMutations: TakePoints;
  readonly takeQueryCost: TakePoints;
  readonly penaliseMutations: ChargePenalty;
  readonly penaliseQueryCost: ChargePenalty;
  /** In how many seconds a bucket of which too much was refused may ask again; null while it may. */
  barredFor(bucket: string): Promise<number | null>;
  countRefusal(bucket: string): Promise<void>;
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
/** More than a program with a fault sends before somebody sees it; reading so many costs less than a fifth of a processor. */
const REFUSALS_PER_MINUTE = 300;
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
  // Always in memory: what reading costs, it costs this process.
  const refusals = new RateLimiterMemory({
    keyPrefix: "refusal",
    points: REFUSALS_PER_MINUTE,
    duration: WINDOW_SECONDS,
  });
  const refusalCounters = {
    barredFor: async (bucket: string) => {
      const counted = await refusals.get(bucket);
      return counted === null || counted.consumedPoints < REFUSALS_PER_MINUTE ? null : secondsLeft(counted);
    },
    countRefusal: async (bucket: string) => {
      await refusals.penalty(bucket, 1);
    },
  };
  if (options.databaseUrl === null) {
    return {
      ...refusalCounters,
      takeMutations: (bucket, points) => take(memory.mutation, bucket, points),
      takeQueryCost: (bucket, points) => take(memory.query, bucket, points),
      penaliseMutations: (bucket, points) => penalise(memory.mutation, bucket, points),
      penaliseQueryCost: (bucket, points) => penalise(memory.query, bucket, points),
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
  async function counting<T>(
    what: "mutation" | "query",
    count: (limiter: RateLimiterMemory | RateLimiterPostgres) => Promise<T>,
  ): Promise<T> {
    if (performance.now() >= triedAgainAt) {
      try {
        return await count(shared[what]);
      } catch (error) {
        triedAgainAt = performance.now() + AWAY_MS;
        options.onStoreAway(error);
      }
    }
    return count(memory[what]);
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
    ...refusalCounters,
    takeMutations: (bucket, points) => counting("mutation", (limiter) => take(limiter, bucket, points)),
    takeQueryCost: (bucket, points) => counting("query", (limiter) => take(limiter, bucket, points)),
    penaliseMutations: (bucket, points) =>
      counting("mutation", (limiter) => penalise(limiter, bucket, points)),
    penaliseQueryCost: (bucket, points) => counting("query", (limiter) => penalise(limiter, bucket, points)),
    removeExpired,
    close: () => {
      clearInterval(removing);
      return endInTime(pool.end());
    },
  };
}

function openPool(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({
    ...sessionConfig(databaseUrl),
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
    // The library has counted it: something cheaper could not be had either, and one dear request would keep others from a minute.
    await limiter.reward(bucket, points);
    return { allowed: false, retryAfterSeconds: secondsLeft(refusal) };
  }
}

async function penalise(
  limiter: RateLimiterMemory | RateLimiterPostgres,
  bucket: string,
  points: number,
): Promise<void> {
  await limiter.penalty(bucket, points);
}

function secondsLeft({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1_000));
}
