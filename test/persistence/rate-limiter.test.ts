import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DatabaseClient, throughPrisma } from "../../src/persistence/client.js";
import { COUNTERS, createRateLimiters, type RateLimiters } from "../../src/persistence/rate-limiter.js";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase } from "../helpers/database.js";
import { until } from "../helpers/gate.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

interface Shared {
  readonly limiters: RateLimiters;
  readonly away: unknown[];
  readonly sql: (text: string, values?: unknown[]) => Promise<any[]>;
}

async function database(): Promise<{ url: string; sql: Shared["sql"] }> {
  const created = await createTestDatabase();
  releases.push(() => created.drop());
  const { url } = created;
  return {
    url,
    sql: (text, values) => withConnection(url, async (client) => (await client.query(text, values)).rows),
  };
}

function limiters(databaseUrl: string | null, mutationsPerMinute: number): Omit<Shared, "sql"> {
  const away: unknown[] = [];
  const client = databaseUrl === null ? null : new DatabaseClient(databaseUrl, COUNTERS);
  if (client !== null) releases.push(() => client.close());
  const created = createRateLimiters({
    mutationsPerMinute,
    queryCostPerMinute: 1_000,
    database: client && throughPrisma(client.prisma),
    onStoreAway: (error) => away.push(error),
  });
  return { limiters: created, away };
}

async function shared(mutationsPerMinute: number): Promise<Shared> {
  const { url, sql } = await database();
  return { ...limiters(url, mutationsPerMinute), sql };
}

const ALLOWED = { allowed: true };
const REFUSED = { allowed: false, retryAfterSeconds: expect.any(Number) };

describe.each(["in memory", "in the database"])("counted %s,", (where) => {
  const url = async (): Promise<string | null> => (where === "in memory" ? null : (await database()).url);

  test("a bucket gives what a minute allows, whatever the sizes in which it is taken, and other buckets and kinds are not touched", async () => {
    const { limiters: one } = limiters(await url(), 20);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }),
        fc.uuid(),
        async (sizes, bucket) => {
          let taken = 0;
          for (const points of sizes) {
            const answer = await one.takeMutations(bucket, points);
            expect(answer).toEqual(taken + points <= 20 ? ALLOWED : REFUSED);
            if (answer.allowed) taken += points;
            else expect(answer.retryAfterSeconds).toBeLessThanOrEqual(60);
          }
          expect(await one.takeMutations(`${bucket} another`, 20)).toEqual(ALLOWED);
          expect(await one.takeQueryCost(bucket, 1_000)).toEqual(ALLOWED);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("what has been done already is charged also beyond the minute", async () => {
    const { limiters: one } = limiters(await url(), 10);
    await one.penaliseMutations("bucket", 9);
    expect(await one.takeMutations("bucket", 1)).toEqual(ALLOWED);
    await one.penaliseMutations("bucket", 50);
    expect(await one.takeMutations("bucket", 1)).toEqual(REFUSED);
    expect((await one.takeQueryCost("bucket", 1)).allowed).toBe(true);
  });
});

test("replicas count together in the database, and each for itself in memory", async () => {
  const { url } = await database();
  for (const [where, second] of [
    [url, false],
    [null, true],
  ] as const) {
    const [one, other] = [limiters(where, 3).limiters, limiters(where, 3).limiters];
    for (const replica of [one, other, one])
      expect(await replica.takeMutations("bucket", 1)).toEqual(ALLOWED);
    expect((await other.takeMutations("bucket", 1)).allowed).toBe(second);
  }
});

test("takers at the same moment never get more than a minute allows", async () => {
  const { url } = await database();
  const replicas = [limiters(url, 10).limiters, limiters(url, 10).limiters];
  const takers = Array.from({ length: 20 }, () => replicas.map((one) => one.takeMutations("bucket", 1)));
  const taken = await Promise.all(takers.flat());
  expect(taken.filter(({ allowed }) => allowed)).toHaveLength(10);
});

test("a caller of whom too much was refused is barred, and no other", async () => {
  const { limiters: one } = limiters(null, 1);
  for (let i = 0; i < 299; i += 1) await one.countRefusal("wild");
  expect(await one.barredFor("wild")).toBeNull();
  await one.countRefusal("wild");
  expect(await one.barredFor("wild")).toBeGreaterThanOrEqual(1);
  expect(await one.barredFor("tame")).toBeNull();
});

test("while the store is away, which is reported once, each replica counts in memory; then together again", async () => {
  const { limiters: one, away, sql } = await shared(2);
  await sql("ALTER TABLE rate_limit RENAME TO gone");
  expect(await one.takeMutations("bucket", 1)).toEqual(ALLOWED);
  expect(away).toEqual([expect.objectContaining({ message: expect.stringContaining("rate_limit") })]);
  expect(await one.takeMutations("bucket", 1)).toEqual(ALLOWED);
  expect(await one.takeMutations("bucket", 1)).toEqual(REFUSED);
  // Reported once, not with each request.
  expect(away).toHaveLength(1);
  await sql("ALTER TABLE gone RENAME TO rate_limit");
  expect(await one.takeMutations("another", 2)).toEqual(ALLOWED);
  expect(await sql("SELECT points FROM rate_limit WHERE key = 'mutation:another'")).toEqual([{ points: 2 }]);
});

test("a store that does not answer keeps nobody", async () => {
  const { limiters: one, away, sql } = await shared(1);
  await one.takeMutations("bucket", 1);
  void sql("BEGIN; LOCK TABLE rate_limit IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(5)").catch(
    () => undefined,
  );
  await until(async () => {
    await one.takeQueryCost("bucket", 1);
    return away.length > 0;
  });
  expect(await one.takeMutations("bucket", 1)).toEqual(ALLOWED);
});

test("a count beyond any integer is still a count", async () => {
  const { limiters: one, away, sql } = await shared(5);
  await one.takeMutations("bucket", 1);
  await sql("UPDATE rate_limit SET points = 2147483647");
  expect(await one.takeMutations("bucket", 1)).toEqual(REFUSED);
  expect(away).toEqual([]);
});
