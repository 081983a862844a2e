import { afterEach, expect, test } from "@jest/globals";
import {
  checkSession,
  SessionClient,
  sessionConfig,
  UnsuitableSessionError,
} from "../../src/persistence/session.js";
import { databaseUrl, dropDatabase, withConnection, createPrisma } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";
import { createOwnRole } from "../helpers/schemas.js";

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release();
});

async function newDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  releases.push(() => database.drop());
  return database;
}

async function setForDatabase(url: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await withConnection(url, async (client) => {
    for (const [setting, value] of Object.entries(settings))
      await client.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`);
  });
}

/** Far from what the service needs, as an administrator may have set it up. */
const UNUSUAL = {
  timezone: "Asia/Seoul",
  DateStyle: "German",
  default_transaction_isolation: "serializable",
  client_encoding: "EUC_KR",
  synchronous_commit: "off",
};

async function settingsOf(url: string): Promise<Record<string, string>> {
  const client = new SessionClient(sessionConfig(url));
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS dates,
        current_setting('transaction_isolation') AS isolation, current_setting('client_encoding') AS encoding,
        current_setting('synchronous_commit') AS commits, current_setting('idle_in_transaction_session_timeout') AS idle,
        current_setting('lock_timeout') AS wait`,
    );
    return rows[0];
  } finally {
    await client.end();
  }
}

const NEEDED = {
  zone: "UTC",
  dates: "ISO, MDY",
  isolation: "read committed",
  encoding: "UTF8",
  commits: "on",
  idle: "5s",
  wait: "10s",
};

test.each([
  "",
  "?options=-c%20TimeZone%3DAsia%2FTokyo%20-c%20default_transaction_isolation%3Dserializable%20-c%20synchronous_commit%3Doff",
])("a session is as the promise needs it whatever the database, and its URL%s, say", async (options) => {
  const { url } = await newDatabase();
  await setForDatabase(url, UNUSUAL);
  expect(await settingsOf(`${url}${options}`)).toEqual(NEEDED);
  expect(await checkSession(`${url}${options}`)).toEqual({
    url: expect.stringContaining("schema=public"),
    isPooled: false,
    isCitus: false,
  });
});

test("a moment comes back as it was stored, whatever the database says of zones and dates", async () => {
  const { url } = await newDatabase();
  await setForDatabase(url, UNUSUAL);
  const prisma = createPrisma(url);
  releases.push(() => prisma.$disconnect());
  const moment = new Date("2026-11-22T08:14:34.567Z");
  const [row] = await prisma.$queryRaw<{ same: boolean; back: Date }[]>`
    SELECT ${moment}::timestamptz = timestamptz '2026-11-22 08:14:34.567Z' AS same, ${moment}::timestamptz AS back`;
  expect(row).toEqual({ same: true, back: moment });
});

test("a session's synchronous_commit is on, or stricter, whatever the role's is, and its own", async () => {
  const role = await createOwnRole();
  releases.push(() => role.drop());
  const found: Record<string, string | undefined> = {};
  for (const level of ["off", "local", "remote_write", "on", "remote_apply"]) {
    await role.sql(`ALTER ROLE ${role.name} SET synchronous_commit = '${level}'`);
    found[level] = (await settingsOf(role.url))["commits"];
  }
  expect(found).toEqual({
    ...{ off: "on", local: "on", remote_write: "on", on: "on" },
    remote_apply: "remote_apply",
  });
});

test("a database in another encoding than UTF-8 is refused, and says what to do", async () => {
  const server = process.env["TEST_SERVER_URL"] ?? "";
  const name = `${process.env["TEST_DATABASE_PREFIX"] ?? ""}_euc_kr`;
  await withConnection(server, (client) =>
    client.query(`CREATE DATABASE ${name} ENCODING 'EUC_KR' LOCALE 'C' TEMPLATE template0`),
  );
  releases.push(() => withConnection(server, (client) => dropDatabase(client, name)));
  await expect(checkSession(databaseUrl(server, name))).rejects.toThrow(
    "server_encoding: expected UTF8, found EUC_KR. Text that this encoding lacks could not be stored. Restore a dump",
  );
});

test("a database that cannot be written to is refused at start, and read by a session that is opened later", async () => {
  const { url } = await newDatabase();
  await setForDatabase(url, { default_transaction_read_only: "on" });
  await expect(checkSession(url)).rejects.toThrow(
    /transaction_read_only: expected off, found on\. It is a standby, or .+ Point DATABASE_URL to a server that can be written to/u,
  );
  expect(await settingsOf(url)).toEqual(NEEDED);
});

test("everything that is wrong is told at once, each with what to do about it", async () => {
  const { url } = await newDatabase();
  await setForDatabase(url, { ...UNUSUAL, default_transaction_read_only: "on" });
  // As behind a pooler, which drops what a session is opened with.
  const { needs } = sessionConfig(`${url}?schema=billing`);
  const dropped = new SessionClient({ needs, connectionString: url });
  const refusal: unknown = await dropped.connect().catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(UnsuitableSessionError);
  const { faults, message } = refusal as UnsuitableSessionError;
  const { username } = new URL(url);
  const remedy = (setting: string, value: string): string =>
    `A pooler in between drops it: ALTER ROLE ${username} SET ${setting} = '${value}', and let the pooler connect anew.`;
  expect(faults).toEqual([
    `DateStyle: expected ISO, found German, DMY. ${remedy("DateStyle", "ISO")}`,
    `TimeZone: expected UTC, found Asia/Seoul. ${remedy("TimeZone", "UTC")}`,
    `default_transaction_isolation: expected read committed, found serializable. ${remedy("default_transaction_isolation", "read committed")}`,
    `synchronous_commit: expected on, found off. ${remedy("synchronous_commit", "on")}`,
    expect.stringMatching(
      /^search_path: expected billing, found public\. Run `npm run migrate`, which makes the schema/u,
    ),
  ]);
  for (const fault of faults) expect(message).toContain(`\n  - ${fault}`);
});
