import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { applyMigrations, pendingMigrations } from "../../src/persistence/migrations.js";
import { withConnection } from "../helpers/connection.js";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "../helpers/database.js";

const OURS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
const ENGINE = fileURLToPath(new URL("schema-engine-process.mjs", import.meta.url));

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  directory = await mkdtemp(join(tmpdir(), "ebp-migrations-"));
});

afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

test("each migration is applied once, oldest first, and an index is built concurrently, however many processes start together", async () => {
  await write("2_rename", "ALTER TABLE a RENAME TO b;");
  await write("1_create", "CREATE TABLE a (n int); INSERT INTO a VALUES (7);");
  await write("3_index", "CREATE INDEX CONCURRENTLY b_n ON b (n);");
  const names = ["1_create", "2_rename", "3_index"];
  expect(await pendingMigrations(options())).toEqual(names);
  expect(await rows("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual([]);

  const log: string[] = [];
  const apply = (): Promise<string[]> => applyMigrations({ ...options(), log: (line) => log.push(line) });
  expect((await Promise.all([apply(), apply(), apply()])).flat().sort()).toEqual(names);
  expect(await rows("SELECT n FROM b")).toEqual([{ n: 7 }]);
  expect(log).toEqual(names.map((name) => `applied migration ${name}`));

  await write("4_fill", "INSERT INTO b VALUES (8);");
  expect(await apply()).toEqual(["4_fill"]);
  expect(await pendingMigrations(options())).toEqual([]);
});

test("a database that does not agree with the folder is refused, though not for line endings alone", async () => {
  await write("1_create", "CREATE TABLE a (\n  n int\n);\n");
  await applyMigrations(options());
  await write("1_create", "CREATE TABLE a (\r\n  n int\r\n);\r\n");
  expect(await applyMigrations(options())).toEqual([]);

  await write("1_create", "CREATE TABLE a (n bigint);");
  const changed = /Migration 1_create has been changed since it was applied/u;
  await expect(applyMigrations(options())).rejects.toThrow(changed);
  await expect(pendingMigrations(options())).rejects.toThrow(changed);

  await rm(join(directory, "1_create"), { recursive: true });
  await expect(applyMigrations(options())).rejects.toThrow(
    /has migration 1_create, which this version does not know/u,
  );
  await rows("DROP TABLE _prisma_migrations");
  await expect(applyMigrations(options())).rejects.toThrow(/holds tables but no record of migrations/u);
});

test("a newer migration that only adds is left alone, also while it is being applied", async () => {
  await write("1_create", "CREATE TABLE a (n int);");
  await write("2_channel_expand", "ALTER TABLE a ADD COLUMN channel text;");
  expect(await applyMigrations(options())).toEqual(["1_create", "2_channel_expand"]);
  await rm(join(directory, "2_channel_expand"), { recursive: true });
  expect(await pendingMigrations(options())).toEqual([]);
  await rows("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2_channel_expand'");
  expect(await applyMigrations(options())).toEqual([]);
});

test("a newer migration that removes something is left alone by versions that know the one it names, and refused by older ones", async () => {
  await write("1_create", "CREATE TABLE a (n int);");
  await write("2_m_expand", "ALTER TABLE a ADD COLUMN m int;");
  await write("3_n_contract_since_2", "ALTER TABLE a DROP COLUMN n;");
  await applyMigrations(options());
  await rm(join(directory, "3_n_contract_since_2"), { recursive: true });
  expect(await pendingMigrations(options())).toEqual([]);
  await rm(join(directory, "2_m_expand"), { recursive: true });
  await expect(pendingMigrations(options())).rejects.toThrow(
    /has migration 3_n_contract_since_2, which this version does not know/u,
  );
});

test("a migration that fails is undone and recorded, and nothing goes on until that is resolved", async () => {
  await write("1_create", "CREATE TABLE a (n int);");
  await write("2_broken", "CREATE TABLE b (n int); INSERT INTO a VALUES ('seven');");
  await write("3_never", "CREATE TABLE c (n int);");

  await expect(applyMigrations(options())).rejects.toThrow(
    /Migration 2_broken failed: invalid input syntax.*prisma migrate resolve --rolled-back 2_broken/u,
  );
  await expect(applyMigrations(options())).rejects.toThrow(
    /Migration 2_broken was begun before and did not finish/u,
  );
  expect(await rows("SELECT to_regclass('b') AS b, to_regclass('c') AS c")).toEqual([{ b: null, c: null }]);

  // What `prisma migrate resolve --rolled-back` does.
  await rows("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '2_broken'");
  await write("2_broken", "CREATE TABLE b (n int); INSERT INTO a VALUES (7);");
  expect(await applyMigrations(options())).toEqual(["2_broken", "3_never"]);
});

test("nothing goes on after a migration that was interrupted", async () => {
  await write("1_create", "CREATE TABLE a (n int);");
  await applyMigrations(options());
  await rows("UPDATE _prisma_migrations SET finished_at = NULL");

  await expect(applyMigrations(options())).rejects.toThrow(
    /1_create was begun before and did not finish \(it was interrupted\)/,
  );
});

test("a script that leaves its transaction open counts as failed", async () => {
  await write("1_open", "BEGIN; CREATE TABLE a (n int);");

  await expect(applyMigrations(options())).rejects.toThrow(/leaves its transaction open/);
  expect(await rows("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
});

test("what a script sets for its own connection does not reach the next", async () => {
  await write("1_settings", "SELECT set_config('search_path', '', false); CREATE TABLE public.a (n int);");
  await write("2_fill", "INSERT INTO a VALUES (7);");

  expect(await applyMigrations(options())).toEqual(["1_settings", "2_fill"]);
});

test("Prisma's own engine finds nothing to apply, to repair or to change, and keeps the same books", async () => {
  const byUs = await createTestDatabase();
  try {
    expect(await engine("diagnose", byUs.url)).toEqual({
      editedMigrationNames: [],
      failedMigrationNames: [],
      hasMigrationsTable: true,
      history: null,
      action: { tag: "createMigration" },
    });
    await engine("apply", database.url);
    expect(await applyMigrations({ ...options(), directory: OURS })).toEqual([]);
    expect(await books(byUs.url)).toEqual(await books(database.url));
  } finally {
    await byUs.drop();
  }
});

test("the schema refuses amounts and quantities that cannot be, and a second open cancel of one order", async () => {
  const migrated = await createTestDatabase();
  const insert = (id: number, status: string, total: number): Promise<unknown> =>
    withConnection(migrated.url, (client) =>
      client.query(
        `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, currency_code, amount_basis, total_cancel_amount, in_doubt_since, next_check_at)
         VALUES ('s', $1, 'o', $2, 'f', $3::cancellation_status, 'SGD', 'unit', $4, now(), CASE WHEN $3::cancellation_status IN ('PENDING', 'UNKNOWN') THEN now() END)`,
        [`00000000-0000-7000-8000-00000000000${String(id)}`, `key ${String(id)}`, status, total],
      ),
    );
  try {
    await insert(1, "SUCCEEDED", 10);
    await insert(2, "UNKNOWN", 10);
    await expect(insert(3, "PENDING", 10)).rejects.toThrow(/cancellation_one_open_per_order/);
    await expect(insert(4, "FAILED", 0)).rejects.toThrow(/cancellation_total_cancel_amount_positive/);
  } finally {
    await migrated.drop();
  }
});

function options(): { url: string; directory: string; log: (message: string) => void } {
  return { url: database.url, directory, log: () => undefined };
}

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, "migration.sql"), sql);
}

async function rows(sql: string): Promise<unknown[]> {
  return withConnection(database.url, async (client) => (await client.query<object>(sql)).rows);
}

/** The shape of the history's table, and what it says apart from ids and times. */
async function books(url: string): Promise<unknown> {
  return withConnection(url, async (client) => {
    const columns = await client.query(
      `SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
       FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`,
    );
    const records = await client.query(
      `SELECT migration_name, checksum, logs, applied_steps_count, finished_at >= started_at AS finished, rolled_back_at
       FROM _prisma_migrations ORDER BY migration_name`,
    );
    return [columns.rows, records.rows];
  });
}

async function engine(command: "apply" | "diagnose", url: string): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [ENGINE, command, url]);
  return JSON.parse(stdout) as Record<string, unknown>;
}
