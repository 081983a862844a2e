import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { BusyError } from "../../src/cancellation/model/errors.js";
import { createChangeAnnouncer, createChangeListener } from "../../src/persistence/change-notifications.js";
import {
  type Database,
  PoolAccess,
  preparedOn,
  prismaOn,
  WORK_PATIENCE_MS,
} from "../../src/persistence/client.js";
import { createExports } from "../../src/persistence/history/exports.js";
import { pendingMigrations } from "../../src/persistence/migrations.js";
import { PoolQueue } from "../../src/persistence/pool-queue.js";
import { createRateLimiters } from "../../src/persistence/rate-limiter.js";
import { withRetentionLock } from "../../src/persistence/retention.js";
import { type Query, statement } from "../../src/persistence/statement.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { until } from "../helpers/gate.js";
import { startLastWords } from "../helpers/last-words.js";

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

describe("prepared statements:", () => {
  let pool: pg.Pool;
  let poolers: number;
  let statements: Database;
  beforeEach(() => {
    // One connection: what one statement leaves there, the next one meets.
    pool = openPool();
    poolers = 0;
    statements = preparedOn(pool, () => (poolers += 1));
  });
  afterEach(() => pool.end());

  function openPool(): pg.Pool {
    const opened = new pg.Pool({ connectionString: database.url, max: 1 });
    // The database is dropped while the server is still taking leave of the last connection.
    opened.on("error", () => undefined);
    return opened;
  }

  interface Prepared {
    readonly name: string;
    readonly statement: string;
  }

  async function prepared(): Promise<Prepared[]> {
    const { rows } = await pool.query<Prepared>(
      "SELECT name, statement FROM pg_prepared_statements ORDER BY name",
    );
    return rows;
  }

  const ADD = statement("add", "SELECT :one::integer + :other::integer AS sum");
  const add = (one: number, other: number): Query => ADD({ one, other });
  const subtract = statement("add", "SELECT 5 - 3 AS sum")({});

  async function sum(query: Query): Promise<number | undefined> {
    const [row] = await statements.rows<{ sum: number }>(query);
    return row?.sum;
  }

  test("a statement is prepared once, and run with other values each time", async () => {
    expect([await sum(add(1, 2)), await sum(add(3, 4)), await sum(add(5, 6))]).toEqual([3, 7, 11]);
    expect(await prepared()).toEqual([
      { name: expect.stringMatching(/^add_[\da-f]{16}$/u), statement: add(1, 2).text },
    ]);
    expect(poolers).toBe(0);
  });

  test("another text has another name, whatever it is called: two releases never run each other's", async () => {
    expect([await sum(add(5, 3)), await sum(subtract)]).toEqual([8, 2]);
    expect(new Set((await prepared()).map(({ name }) => name)).size).toBe(2);
  });

  test("a value that is missing is an error, and not NULL", () => {
    expect(() => ADD({ one: 1 })).toThrow("the statement add: there is no value for :other");
  });

  test("what PostgreSQL refuses is not run again", async () => {
    await pool.query("CREATE SEQUENCE runs");
    const wrong = statement("wrong", "SELECT nextval('runs') / :zero::integer")({ zero: 0 });
    await expect(sum(wrong)).rejects.toThrow("division by zero");
    const { rows } = await pool.query<{ runs: string }>("SELECT nextval('runs') AS runs");
    expect(rows).toEqual([{ runs: "2" }]);
    expect(poolers).toBe(0);
  });

  describe("behind a pooler that gives each transaction another connection,", () => {
    test("a statement that the next connection does not know is run all the same, and none is prepared any more", async () => {
      expect(await sum(add(1, 2))).toBe(3);
      await pool.query("DEALLOCATE ALL");
      expect(await sum(add(3, 4))).toBe(7);
      expect(await sum(add(5, 6))).toBe(11);
      expect(await prepared()).toEqual([]);
      expect(poolers).toBe(1);
    });

    test("so is one that the next connection knows already, of another process", async () => {
      await sum(add(1, 2));
      const [{ name } = { name: "" }] = await prepared();
      const anotherPool = openPool();
      try {
        await anotherPool.query(`PREPARE ${name} AS ${add(1, 2).text}`);
        const others = preparedOn(anotherPool, () => (poolers += 1));
        expect(await others.rows(add(3, 4))).toEqual([{ sum: 7 }]);
        expect(poolers).toBe(1);
      } finally {
        await anotherPool.end();
      }
    });

    test("those under way at that moment are run once each, and it is told once", async () => {
      await pool.query("CREATE TABLE counted (n integer)");
      const count = statement("count", "INSERT INTO counted VALUES (:n::integer)");
      await statements.rows(count({ n: 0 }));
      await pool.query("DEALLOCATE ALL");
      await Promise.all([1, 2, 3, 4, 5].map((n) => statements.rows(count({ n }))));
      const { rows } = await pool.query<{ n: number }>("SELECT n FROM counted ORDER BY n");
      expect(rows.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(poolers).toBe(1);
    });
  });
});

describe("a shared pool:", () => {
  const SIZE = 10;
  /** Shorter than it takes to be saturated: a test does not want to wait. */
  const IMPATIENT_MS = 20;
  const PATIENT_MS = 60_000;

  let queue: PoolQueue;
  let held: pg.PoolClient[];
  beforeEach(async () => {
    queue = new PoolQueue(database.url);
    held = await Promise.all(Array.from({ length: SIZE }, () => take(PATIENT_MS)));
  });
  afterEach(async () => {
    for (const client of held) client.release();
    await queue.end();
  });

  function take(patienceMs: number): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      queue.take(patienceMs, (error, client) => {
        if (client === undefined) reject(error ?? new Error("neither"));
        else resolve(client);
      });
    });
  }

  test("who finds no connection in time is told so, and in Prisma's place as well", async () => {
    await expect(take(IMPATIENT_MS)).rejects.toThrow(BusyError);
    const prisma = prismaOn(queue, IMPATIENT_MS);
    await expect(prisma.$queryRaw`SELECT 1`).rejects.toThrow(BusyError);
    await expect(prisma.cancellation.findFirst()).rejects.toThrow(BusyError);
    await expect(prisma.$transaction((one) => one.cancellation.findFirst())).rejects.toThrow(BusyError);
  });

  test("those who share a pool have each a patience of their own", async () => {
    const patient = prismaOn(queue, PATIENT_MS).$queryRaw`SELECT 1 AS one`.then((rows) => rows);
    await expect(prismaOn(queue, IMPATIENT_MS).$queryRaw`SELECT 1`).rejects.toThrow(BusyError);
    held.pop()?.release();
    expect(await patient).toEqual([{ one: 1 }]);
  });

  test("who has given up is passed over: the connection goes to the next, and is not lost", async () => {
    await expect(take(IMPATIENT_MS)).rejects.toThrow(BusyError);
    const next = take(PATIENT_MS);
    held.pop()?.release();
    held.push(await next);
    held.pop()?.release();
    held.push(await take(PATIENT_MS));
    expect(held).toHaveLength(SIZE);
  });

  describe("is saturated", () => {
    test("not by all connections being in use, but by somebody who waits for one too long", async () => {
      expect(queue.isSaturated).toBe(false);
      const waiting = take(PATIENT_MS);
      expect(queue.isSaturated).toBe(false);
      await until(() => queue.isSaturated);
      held.pop()?.release();
      held.push(await waiting);
      expect(queue.isSaturated).toBe(false);
    });

    test("also when everybody has given up, until a connection is free", async () => {
      await expect(take(IMPATIENT_MS)).rejects.toThrow(BusyError);
      await until(() => queue.isSaturated);
      // The pool takes who gave up from its queue only later.
      await new Promise((resolve) => queue.take(PATIENT_MS, resolve));
      expect(queue.isSaturated).toBe(true);
      held.pop()?.release();
      expect(queue.isSaturated).toBe(false);
    }, 20_000);
  });
});

/** The greeting, and the statements after it: a transaction of Prisma has four. */
const ANSWERS = [1, 2, 3, 4];
const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
const LIMITS = { mutationsPerMinute: 100, queryCostPerMinute: 100 };

async function pooled(url: string, work: (queue: PoolQueue) => Promise<unknown>): Promise<void> {
  const queue = new PoolQueue(url);
  await work(queue).finally(() => queue.end());
}

/** Every way to the database. What each has to say of it is tested elsewhere: here, that this process lives on. */
const WAYS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  "Prisma's queries": (url) => pooled(url, (queue) => prismaOn(queue, WORK_PATIENCE_MS).$queryRaw`SELECT 1`),
  "Prisma's transactions": (url) =>
    pooled(url, (queue) =>
      prismaOn(queue, WORK_PATIENCE_MS).$transaction(async (transaction) => {
        await transaction.$queryRaw`SELECT 1`;
        await transaction.$queryRaw`SELECT 2`;
      }),
    ),
  "prepared statements": (url) =>
    pooled(url, async (queue) => {
      const statements = preparedOn(new PoolAccess(queue, WORK_PATIENCE_MS));
      await statements.rows(statement("one", "SELECT 1")({}));
      await statements.rows(statement("two", "SELECT 2")({}));
    }),
  "a connection that is taken, and idle": (url) =>
    pooled(url, async (queue) => {
      const client = await new PoolAccess(queue, WORK_PATIENCE_MS).connect();
      await client.query("SELECT 1").finally(() => client.release());
    }),
  "the announcer of changes": async (url) => {
    const announcer = createChangeAnnouncer({ databaseUrl: url, onLost: () => undefined });
    announcer.announce({ storeId: "S", id: "1", orderNo: "O", version: 1 });
    await announcer.close();
  },
  "the listener for changes": async (url) => {
    const options = { databaseUrl: url, onBroken: () => undefined, onMended: () => undefined };
    const listener = createChangeListener(options);
    await listener
      .listen(
        () => undefined,
        () => undefined,
      )
      .finally(() => listener.close());
  },
  "the shared rate limits": async (url) => {
    const limiters = createRateLimiters({ ...LIMITS, databaseUrl: url, onStoreAway: () => undefined });
    await limiters.takeMutations("somebody", 1);
    await limiters.takeQueryCost("somebody", 1);
    await limiters.close();
  },
  "an export": async (url) => {
    const filter = { storeIds: ["S"] };
    const running = await createExports(url)({
      filter,
      direction: "ASC",
      after: null,
      limit: null,
      withItems: false,
    } as never);
    await running.read(() => undefined).finally(() => running.close());
  },
  migrations: (url) => pendingMigrations({ url, directory: MIGRATIONS, log: () => undefined }),
  "the lock of the retention": (url) => withRetentionLock(url, () => Promise.resolve()),
};

describe("a connection that PostgreSQL ends with its last answer does not end this process:", () => {
  test.each(Object.entries(WAYS))("%s", async (_way, go) => {
    for (const nth of ANSWERS) {
      const lastWords = await startLastWords(database.url, nth);
      await go(lastWords.url).catch(() => undefined);
      await lastWords.close();
    }
    expect.assertions(0);
  });
});
