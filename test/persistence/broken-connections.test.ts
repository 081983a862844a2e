import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { fileURLToPath } from "node:url";
import { createChangeAnnouncer, createChangeListener } from "../../src/persistence/change-notifications.js";
import { createExports } from "../../src/persistence/history/exports.js";
import { pendingMigrations } from "../../src/persistence/migrations.js";
import { PoolAccess, preparedOn, prismaOn, WORK_PATIENCE_MS } from "../../src/persistence/client.js";
import { PoolQueue } from "../../src/persistence/pool-queue.js";
import { createRateLimiters } from "../../src/persistence/rate-limiter.js";
import { withRetentionLock } from "../../src/persistence/retention.js";
import { statement } from "../../src/persistence/statement.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { startLastWords } from "../helpers/last-words.js";

/** The greeting, and the statements after it: a transaction of Prisma has four. */
const ANSWERS = [1, 2, 3, 4];
const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
const LIMITS = { mutationsPerMinute: 100, queryCostPerMinute: 100 };

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

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
