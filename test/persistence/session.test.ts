import { PrismaPg } from "@prisma/adapter-pg";
import { afterEach, expect, test } from "@jest/globals";
import { PrismaClient } from "../../src/persistence/generated/client.js";
import { throughPrisma } from "../../src/persistence/prepared-statements.js";
import { createPrisma } from "../../src/persistence/prisma.js";
import { assertSession, UnsuitableSessionError } from "../../src/persistence/session.js";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

/** A database as an administrator may have set it up, far from UTC and stricter than PostgreSQL's default. */
async function unusualDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  releases.push(() => database.drop());
  const name = new URL(database.url).pathname.slice(1);
  await withConnection(database.url, async (client) => {
    await client.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Seoul'`);
    await client.query(`ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
  });
  return database;
}

function using(prisma: PrismaClient): PrismaClient {
  releases.push(() => prisma.$disconnect());
  return prisma;
}

test.each(["", "?options=-c%20TimeZone%3DAsia%2FTokyo%20-c%20default_transaction_isolation%3Dserializable"])(
  "works in UTC and READ COMMITTED whatever the database, and its URL%s, say",
  async (options) => {
    const database = await unusualDatabase();
    const prisma = using(createPrisma(`${database.url}${options}`));
    const moment = new Date("2026-11-22T08:14:34.567Z");

    await assertSession(throughPrisma(prisma));
    const [row] = await prisma.$queryRaw<{ same: boolean; back: Date }[]>`
      SELECT ${moment}::timestamptz = timestamptz '2026-11-22 08:14:34.567Z' AS same, ${moment}::timestamptz AS back`;
    expect(row).toEqual({ same: true, back: moment });
  },
);

test("says clearly when something in between drops the settings of its sessions", async () => {
  const database = await unusualDatabase();
  const prisma = using(new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) }));

  await expect(assertSession(throughPrisma(prisma))).rejects.toThrow(UnsuitableSessionError);
  await expect(assertSession(throughPrisma(prisma))).rejects.toThrow(
    "TimeZone Asia/Seoul and isolation serializable, not UTC and read committed",
  );
});

test("gives up what a stopped process would keep from others: rows it holds in a transaction, and waiting for such rows", async () => {
  const prisma = using(createPrisma((await unusualDatabase()).url));
  const [row] = await prisma.$queryRaw<{ idle: string; wait: string }[]>`
    SELECT current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('lock_timeout') AS wait`;
  expect(row).toEqual({ idle: "5s", wait: "10s" });
});
