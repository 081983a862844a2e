import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import type { ChargePenalty, PointsTaken, TakePoints } from "../cancellation/model/caller.js";
import type { Database } from "./client.js";
import type { Query } from "./statement.js";

export interface RateLimiters {
  readonly takeMutations: TakePoints;
  readonly takeQueryCost: TakePoints;
  readonly penaliseMutations: ChargePenalty;
  readonly penaliseQueryCost: ChargePenalty;
  /** In how many seconds a bucket may ask again of which too many requests were refused; null while it may. */
  barredFor(bucket: string): Promise<number | null>;
  countRefusal(bucket: string): Promise<void>;
}

export interface RateLimiterOptions {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  /** Where all replicas count together; null: each counts for itself, in memory. */
  readonly database: Database | null;
  /** Called when the shared counters can no longer be reached; until they can, each replica counts in memory. */
  readonly onStoreAway: (error: unknown) => void;
}

const WINDOW_SECONDS = 60;
/** More than a program with a fault sends before somebody sees it; reading so many costs less than a fifth of a processor. */
const REFUSALS_PER_MINUTE = 300;
/** Of the connections with which callers are counted: two short statements at a time, for which nobody waits longer than half a second. */
export const COUNTERS = { size: 2, patienceMs: { connect: 500, query: 500 } };
/** The table that the migrations make. */
const TABLE = "rate_limit";
export function createRateLimiters({
  mutationsPerMinute,
  queryCostPerMinute,
  database,
  onStoreAway,
}: RateLimiterOptions): RateLimiters {
  // Always in memory: what reading costs, it costs this process.
  const refusals = inMemory("refusal", REFUSALS_PER_MINUTE);
  const limiter = database === null ? inMemory : inDatabase(database, onStoreAway);
  const mutations = limiter("mutation", mutationsPerMinute);
  const queryCost = limiter("query", queryCostPerMinute);
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
  };
}

function inMemory(keyPrefix: string, points: number): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix, points, duration: WINDOW_SECONDS });
}

type Limiter = RateLimiterMemory | RateLimiterPostgres;

/** Counts in the database, where all replicas count together. */
function inDatabase(
  database: Database,
  onStoreAway: RateLimiterOptions["onStoreAway"],
): (keyPrefix: string, points: number) => Limiter {
  let isAway = false;
  const query = async (asked: Query): Promise<{ rows: unknown[] }> => {
    try {
      const rows = await database.rows<object>(asked);
      isAway = false;
      return { rows: rows.map(withNumbers) };
    } catch (error) {
      if (!isAway) onStoreAway(error);
      isAway = true;
      throw error;
    }
  };
  return (keyPrefix, points) =>
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
    });
}

/** The library calculates with numbers, and Prisma has a moment in milliseconds as a BigInt. */
function withNumbers(row: object): object {
  const entries: [string, unknown][] = Object.entries(row);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  );
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
