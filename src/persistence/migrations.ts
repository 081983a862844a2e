import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import {
  assertMet,
  inSchema,
  MIGRATES,
  NEEDS,
  schemaOf,
  sessionConfig,
  withSchema,
  withSession,
  type SessionClient,
  type SessionConfig,
} from "./session.js";

export interface MigrationOptions {
  readonly url: string;
  /** The folder `prisma/migrations`. */
  readonly directory: string;
  readonly log: (message: string) => void;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** The advisory lock that Prisma Migrate takes. */
const LOCK = 72707369;
const LOCK_POLL_MS = 100;
/** Longer than our migrations take; a rollout's orchestrator hears of it before it loses patience. */
const LOCK_LIMIT_MS = 60_000;

/** Prisma Migrate's own definition, to the letter: its commands work on this table too. */
const CREATE_HISTORY = `
  CREATE TABLE _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

/** Tables of extensions (PostGIS brings some) do not count. */
const FOREIGN_TABLES = `
  SELECT FROM pg_class
  WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
  LIMIT 1`;

/**
 * Applies the migrations that this database does not have yet, and returns their names. Does what `prisma migrate deploy` does, with the
 * same table, but needs no engine that has to be downloaded. Replicas may start together: one applies, the others wait.
 */
export async function applyMigrations({ url, directory, log }: MigrationOptions): Promise<string[]> {
  const migrations = await readMigrations(directory);
  // The schema that the URL names may have to be made first.
  return withSession({ ...sessionConfig(url, MIGRATES), needs: NEEDS }, async (keeper) => {
    // Held until this connection ends.
    await lock(keeper);
    const session = sessionConfig(await makeSchema(keeper, url), MIGRATES);
    return withSession(session, async (books) => {
      if (!(await hasHistory(books))) {
        if ((await books.query(FOREIGN_TABLES)).rowCount !== 0)
          throw new Error(
            "The database holds tables but no record of migrations, so it is not this service's. Point DATABASE_URL to an empty database.",
          );
        await books.query(CREATE_HISTORY);
      }
      const pending = await findPending(books, migrations);
      for (const migration of pending) {
        await apply(books, session, migration);
        log(`applied migration ${migration.name}`);
      }
      return pending.map(({ name }) => name);
    });
  });
}

/** The names of the migrations that this database does not have yet. Changes nothing. */
export async function pendingMigrations({ url, directory }: MigrationOptions): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const pending = await withSession(sessionConfig(url), (client) => findPending(client, migrations));
  return pending.map(({ name }) => name);
}

/** Oldest first: their names begin with a timestamp. */
async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names
      .sort()
      .map(async (name) => ({ name, sql: await readFile(join(directory, name, "migration.sql"), "utf8") })),
  );
}

async function lock(client: pg.Client): Promise<void> {
  const deadline = Date.now() + LOCK_LIMIT_MS;
  // Polled: a session that waits inside pg_advisory_lock holds a snapshot, for which CREATE INDEX CONCURRENTLY in the migration
  // being applied would wait in turn, forever.
  const isOurs = async (): Promise<boolean> =>
    (await client.query("SELECT WHERE pg_try_advisory_lock($1)", [LOCK])).rowCount === 1;
  while (!(await isOurs())) {
    if (Date.now() > deadline)
      throw new Error(
        `Another process has been migrating this database for more than ${LOCK_LIMIT_MS / 1000} s. Start again when it has finished.`,
      );
    await delay(LOCK_POLL_MS);
  }
}

async function hasHistory(client: pg.Client): Promise<boolean> {
  const found = await client.query(
    "SELECT WHERE to_regclass(quote_ident(current_schema()) || '._prisma_migrations') IS NOT NULL",
  );
  return found.rowCount === 1;
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
  readonly logs: string | null;
}

/** @throws when the database and the folder differ about what was applied. */
async function findPending(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  if (!(await hasHistory(client))) return [...migrations];
  const { rows } = await client.query<Applied>(
    `SELECT migration_name AS name, checksum, finished_at, logs FROM _prisma_migrations
     WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  for (const applied of rows) {
    const fault = faultOf(applied, migrations);
    if (fault !== null) throw new Error(fault);
  }
  return migrations.filter(({ name }) => rows.every((row) => row.name !== name));
}

/**
 * What a migration's name says to versions that do not know it. `_expand` only adds, and leaves everything that is there as it was: they
 * run beside it, so that a new version can be rolled out and back. `_contract_since_<number>` removes what nobody needs who knows the
 * migration of that number. The name is what everybody who applies migrations records.
 */
const EXPAND = "_expand";
const CONTRACT = /_contract_since_(\d+)$/u;

function isForUs(newer: string, known: readonly Migration[]): boolean {
  const since = CONTRACT.exec(newer)?.[1];
  return since === undefined
    ? newer.endsWith(EXPAND)
    : known.some(({ name }) => name.startsWith(`${since}_`));
}

function faultOf({ name, checksum, finished_at, logs }: Applied, known: readonly Migration[]): string | null {
  const migration = known.find((one) => one.name === name);
  // A newer version may be applying it right now.
  if (migration === undefined && isForUs(name, known)) return null;
  if (finished_at === null)
    return `Migration ${name} was begun before and did not finish (${logs ?? "it was interrupted"}). ${afterRepair(name)}`;
  if (migration === undefined)
    return `The database has migration ${name}, which this version does not know, and which does not say by its name that this version may run beside it. A newer version applied it: start one that knows it.`;
  return checksums(migration.sql).includes(checksum)
    ? null
    : `Migration ${name} has been changed since it was applied to this database. Restore it, and put the change in a new migration.`;
}

async function apply(books: pg.Client, session: SessionConfig, { name, sql }: Migration): Promise<void> {
  // Committed before the script runs: should we be killed half-way, the next start knows.
  const id = randomUUID();
  await books.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    checksums(sql)[0],
    name,
  ]);
  try {
    // On a connection of its own: what a script sets (a role, a search path, an open transaction) must not reach the books.
    await withSession(session, async (client) => {
      await client.query(sql);
      if (client.getTransactionStatus() !== "I") throw new Error("the script leaves its transaction open");
    });
  } catch (cause) {
    const message = `Migration ${name} failed: ${(cause as Error).message}. ${afterRepair(name)}`;
    await books.query("UPDATE _prisma_migrations SET logs = $2 WHERE id = $1", [id, message]);
    throw new Error(message, { cause });
  }
  await books.query(
    "UPDATE _prisma_migrations SET applied_steps_count = applied_steps_count + 1, finished_at = now() WHERE id = $1",
    [id],
  );
}

function afterRepair(name: string): string {
  return `Put the database right, then run: npx prisma migrate resolve --rolled-back ${name} (or --applied, if you finished it by hand).`;
}

/** Of the script as it is, then with either kind of line endings: Git may have changed those since, as Prisma allows for too. */
function checksums(sql: string): string[] {
  const unix = sql.replaceAll("\r\n", "\n");
  const scripts = [sql, unix, unix.replaceAll("\n", "\r\n")];
  return scripts.map((script) => createHash("sha256").update(script).digest("hex"));
}

/** Makes the schema that the URL names, if it is missing. @returns the URL with its schema. */
async function makeSchema(client: SessionClient, url: string): Promise<string> {
  const named = schemaOf(url);
  const { rows } = await client.query<{ schema: string | null; is_there: boolean }>(
    "SELECT current_schema()::text AS schema, EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS is_there",
    [named],
  );
  if (named !== null) {
    if (rows[0]?.is_there !== true) await client.query(`CREATE SCHEMA ${pg.escapeIdentifier(named)}`);
    return url;
  }
  const found = rows[0]?.schema ?? null;
  assertMet([inSchema(null)], { search_path: found });
  return withSchema(url, found ?? "");
}
