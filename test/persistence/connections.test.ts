import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { fileURLToPath } from "node:url";
import { BusyError } from "../../src/cancellation/model/errors.js";
import { createChangeAnnouncer, createChangeListener } from "../../src/persistence/change-notifications.js";
import { DatabaseClient, type Database, sqlStateOf, throughPrisma } from "../../src/persistence/client.js";
import { Prisma } from "../../src/persistence/generated/client.js";
import { createExports } from "../../src/persistence/history/exports.js";
import { pendingMigrations } from "../../src/persistence/migrations.js";
import { createRateLimiters } from "../../src/persistence/rate-limiter.js";
import { withRetentionLock } from "../../src/persistence/retention.js";
import { type Query, statement } from "../../src/persistence/statement.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { until } from "../helpers/gate.js";
import { startLastWords } from "../helpers/last-words.js";

let database: TestDatabase;
const clients: DatabaseClient[] = [];
beforeAll(async () => (database = await createTestDatabase()));
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => database.drop());

function open(options: ConstructorParameters<typeof DatabaseClient>[1]): DatabaseClient {
  const client = new DatabaseClient(database.url, options);
  clients.push(client);
  return client;
}

describe("a statement of fixed text", () => {
  const ADD = statement("add", "SELECT :one::integer + :other::integer AS sum");
  const add = (one: number, other: number): Query => ADD({ one, other });
  const subtract = statement("add", "SELECT 5 - 3 AS sum")({});

  async function sum(statements: Database, query: Query): Promise<number | undefined> {
    const [row] = await statements.rows<{ sum: number }>(query);
    return row?.sum;
  }

  /** On the one connection of a client: what one statement leaves there, the next one meets. */
  async function prepared(client: DatabaseClient): Promise<readonly { name: string; statement: string }[]> {
    return client.prisma.$queryRaw`SELECT name, statement FROM pg_prepared_statements ORDER BY name`;
  }

  test("is prepared once, and run with other values each time", async () => {
    const client = open({ size: 1, prepares: true });
    const statements = throughPrisma(client.prisma);
    expect([await sum(statements, add(1, 2)), await sum(statements, add(3, 4))]).toEqual([3, 7]);
    expect(await prepared(client)).toEqual([
      { name: expect.stringMatching(/^add_[\da-f]{16}$/u), statement: add(1, 2).text },
    ]);
  });

  test("has another name than another text, whatever it is called: two releases never run each other's", async () => {
    const client = open({ size: 1, prepares: true });
    const statements = throughPrisma(client.prisma);
    expect([await sum(statements, add(5, 3)), await sum(statements, subtract)]).toEqual([8, 2]);
    expect(new Set((await prepared(client)).map(({ name }) => name)).size).toBe(2);
  });

  test("is not prepared behind a pooler", async () => {
    const client = open({ size: 1, prepares: false });
    expect(await sum(throughPrisma(client.prisma), add(1, 2))).toBe(3);
    expect(await prepared(client)).toEqual([]);
  });

  test("does not take a missing value for NULL", () => {
    expect(() => ADD({ one: 1 })).toThrow("the statement add: there is no value for :other");
  });
});

test("an error of Prisma that is none of PostgreSQL's has none of its codes", () => {
  const error = new Prisma.PrismaClientKnownRequestError("closed", { code: "P2028", clientVersion: "7" });
  expect([sqlStateOf(error), sqlStateOf(new Error("cut"))]).toEqual([null, null]);
});

describe("a client of which all connections are in use", () => {
  const SIZE = 2;
  const HOLD = "SELECT pg_sleep(60)";

  /** Statements that hold all connections until `release`. */
  async function held(): Promise<{ client: DatabaseClient; release: () => Promise<unknown> }> {
    const client = open({ size: SIZE, settings: { application_name: "held" } });
    const holding = Array.from({ length: SIZE }, () =>
      client.prisma.$queryRawUnsafe(HOLD).then(
        () => undefined,
        () => undefined,
      ),
    );
    const other = open({ size: 1 });
    const running = async (): Promise<number> => {
      const rows = await other.prisma.$queryRawUnsafe<{ pid: number }[]>(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query = $1",
        HOLD,
      );
      return rows.length;
    };
    await until(async () => (await running()) === SIZE);
    const release = async (): Promise<unknown> => {
      await other.prisma.$queryRawUnsafe(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = $1",
        HOLD,
      );
      return Promise.all(holding);
    };
    return { client, release };
  }

  test("tells who finds none in time so, by every way of Prisma, and that nothing was asked", async () => {
    const { client, release } = await held();
    const { prisma } = client;
    const results = await Promise.allSettled([
      prisma.$queryRaw`SELECT 1`,
      prisma.cancellation.findFirst(),
      prisma.$transaction((one) => one.cancellation.findFirst()),
    ]);
    for (const result of results) expect(result).toMatchObject({ reason: expect.any(BusyError) });
    await release();
  });

  test("is saturated when twenty wait for each connection, and serves them once there are some", async () => {
    const { client, release } = await held();
    const ask = (): Promise<unknown> => client.prisma.$queryRaw`SELECT 1 AS one`.then((rows) => rows);
    const most = Array.from({ length: 20 * SIZE - 1 }, ask);
    await until(() => client.waitingCount === 20 * SIZE - 1);
    expect(client.isSaturated).toBe(false);
    const last = ask();
    await until(() => client.waitingCount === 20 * SIZE);
    expect(client.isSaturated).toBe(true);
    await release();
    for (const rows of await Promise.all([...most, last])) expect(rows).toEqual([{ one: 1 }]);
    expect(client.isSaturated).toBe(false);
  });
});

/** The greeting, and the statements after it: a transaction of Prisma has four. */
const ANSWERS = [1, 2, 3, 4];
const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
const LIMITS = { mutationsPerMinute: 100, queryCostPerMinute: 100 };

async function on(url: string, work: (client: DatabaseClient) => Promise<unknown>): Promise<void> {
  const client = new DatabaseClient(url, { prepares: true });
  await work(client).finally(() => client.close());
}

/** Every way to the database. What each has to say of it is tested elsewhere: here, that this process lives on. */
const WAYS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  "Prisma's queries": (url) => on(url, ({ prisma }) => prisma.cancellation.findFirst()),
  "Prisma's transactions": (url) =>
    on(url, ({ prisma }) =>
      prisma.$transaction(async (transaction) => {
        await transaction.$queryRaw`SELECT 1`;
        await transaction.$queryRaw`SELECT 2`;
      }),
    ),
  "prepared statements": (url) =>
    on(url, async ({ prisma }) => {
      const statements = throughPrisma(prisma);
      await statements.rows(statement("one", "SELECT 1")({}));
      await statements.rows(statement("two", "SELECT 2")({}));
    }),
  "the announcer of changes": (url) =>
    on(url, async ({ prisma }) => {
      const announcer = createChangeAnnouncer({ database: throughPrisma(prisma), onLost: () => undefined });
      announcer.announce({ storeId: "S", id: "1", orderNo: "O", version: 1 });
      await announcer.close();
    }),
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
  "the shared rate limits": (url) =>
    on(url, async ({ prisma }) => {
      const store = { database: throughPrisma(prisma), onStoreAway: () => undefined };
      const limiters = createRateLimiters({ ...LIMITS, ...store });
      await limiters.takeMutations("somebody", 1);
      await limiters.takeQueryCost("somebody", 1);
    }),
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
