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
  /** In how many seconds a bucket may ask again of which too many requests were refused; null while it may. */
  barredFor(bucket: string): Promise<number | null>;
  countRefusal(bucket: string): Promise<void>;
  close(): Promise<void>;
}

export interface RateLimiterOptions {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  /** Where all replicas count together; null: each counts for itself, in memory. */
  readonly databaseUrl: string | null;
  /** Called when the shared counters can no longer be reached; until they can, each replica counts in memory. */
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

export function createRateLimiters({
  mutationsPerMinute,
  queryCostPerMinute,
  databaseUrl,
  onStoreAway,
}: RateLimiterOptions): RateLimiters {
  // Always in memory: what reading costs, it costs this process.
  const refusals = inMemory("refusal", REFUSALS_PER_MINUTE);
  const store = databaseUrl === null ? IN_MEMORY : openStore(databaseUrl, onStoreAway);
  const mutations = store.limiter("mutation", mutationsPerMinute);
  const queryCost = store.limiter("query", queryCostPerMinute);
  return {
    takeMutations: (bucket, points) => take(mutations, bucket, points),
    takeQueryCost: (bucket, points) => take(queryCost, bucket, points),
    penaliseMutations: (bucket, points) => penalise(mutations, bucket, points),
    penaliseQueryCost: (bucket, points) => penalise(queryCost, bucket, points),
    async barredFor(bucket) {
      const counted = await refusals.get(bucket);
      return counted === null || counted.consumedPoints < REFUSALS_PER_MINUTE ? null : secondsLeft(counted);
    },
    countRefusal: (bucket) => penalise(refusals, bucket, 1),
    close: store.close,
  };
}

function inMemory(keyPrefix: string, points: number): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix, points, duration: WINDOW_SECONDS });
}

type Limiter = RateLimiterMemory | RateLimiterPostgres;

interface Store {
  readonly limiter: (keyPrefix: string, points: number) => Limiter;
  readonly close: () => Promise<void>;
}

/** Each replica counts for itself. */
const IN_MEMORY: Store = { limiter: inMemory, close: () => Promise.resolve() };

function openStore(databaseUrl: string, onStoreAway: RateLimiterOptions["onStoreAway"]): Store {
  const pool = new pg.Pool({
    ...sessionConfig(databaseUrl),
    max: POOL_SIZE,
    connectionTimeoutMillis: STORE_TIMEOUT_MS,
    query_timeout: STORE_TIMEOUT_MS,
  });
  // The pool has dropped an idle connection that breaks; without a listener the process would end.
  pool.on("error", () => undefined);
  let isAway = false;
  const query = async (config: pg.QueryConfig): Promise<pg.QueryResult> => {
    try {
      const result = await pool.query(config);
      isAway = false;
      return result;
    } catch (error) {
      if (!isAway) onStoreAway(error);
      isAway = true;
      throw error;
    }
  };
  return {
    limiter: (keyPrefix, points) =>
      new RateLimiterPostgres({
        storeClient: { query },
        // The library would go by the class of the client, and knows none of this name.
        storeType: "pool",
        tableName: TABLE,
        tableCreated: true,
        keyPrefix,
        points,
        duration: WINDOW_SECONDS,
        // By a timer of the library, every five minutes; it keeps no process alive.
        clearExpiredByTimeout: true,
        // A store that is away must not refuse everybody, nor let everybody through.
        insuranceLimiter: inMemory(keyPrefix, points),
      }),
    close: () => endInTime(pool.end()),
  };
}

async function take(limiter: Limiter, bucket: string, points: number): Promise<PointsTaken> {
  try {
    await limiter.consume(bucket, points);
    return { allowed: true };
  } catch (refusal) {
    // When there are not enough points it rejects with what is left, which is no error.
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    // The library has counted the refused request too. Give the points back: one expensive request must not use up the minute.
    await limiter.reward(bucket, points);
    return { allowed: false, retryAfterSeconds: secondsLeft(refusal) };
  }
}

async function penalise(limiter: Limiter, bucket: string, points: number): Promise<void> {
  await limiter.penalty(bucket, points);
}

function secondsLeft({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1_000));
}
