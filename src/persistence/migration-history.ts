import { randomUUID } from "node:crypto";
import type { ClientBase } from "pg";
import {
  DatabaseNotEmptyError,
  MigrationChangedError,
  MigrationUnfinishedError,
  MigrationUnknownError,
} from "./migration-errors.js";
import { checksum, matchesChecksum, type MigrationFile } from "./migration-files.js";

interface MigrationRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
  readonly logs: string | null;
}

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

/** An extension's tables (PostGIS brings some) do not make a database somebody else's. */
const FOREIGN_TABLES = `
  SELECT FROM pg_class
  WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
  LIMIT 1`;

/** Makes the table of what has been applied, unless it is there. Only an empty database is taken over. */
export async function createHistory(client: ClientBase): Promise<void> {
  if (await hasHistory(client)) return;
  const foreign = await client.query(FOREIGN_TABLES);
  if (foreign.rowCount !== 0) throw new DatabaseNotEmptyError();
  await client.query(CREATE_HISTORY);
}

/** The migrations still to be applied; throws when the database and the folder tell different stories. */
export async function findPending(
  client: ClientBase,
  files: readonly MigrationFile[],
): Promise<MigrationFile[]> {
  if (!(await hasHistory(client))) return [...files];
  const { rows } = await client.query<MigrationRow>(
    "SELECT migration_name, checksum, finished_at, logs FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at",
  );
  for (const row of rows) {
    if (row.finished_at === null) throw new MigrationUnfinishedError(row.migration_name, row.logs);
    const file = files.find(({ name }) => name === row.migration_name);
    if (file === undefined) throw new MigrationUnknownError(row.migration_name);
    if (!matchesChecksum(file.sql, row.checksum)) throw new MigrationChangedError(file.name);
  }
  return files.filter(({ name }) => rows.every((row) => row.migration_name !== name));
}

/** Committed before the script runs: should we be killed half-way, the next start knows. Returns the record's id. */
export async function recordStarted(client: ClientBase, file: MigrationFile): Promise<string> {
  const id = randomUUID();
  await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    checksum(file.sql),
    file.name,
  ]);
  return id;
}

export async function recordFinished(client: ClientBase, id: string): Promise<void> {
  await client.query(
    "UPDATE _prisma_migrations SET applied_steps_count = applied_steps_count + 1, finished_at = now() WHERE id = $1",
    [id],
  );
}

export async function recordFailed(client: ClientBase, id: string, logs: string): Promise<void> {
  await client.query("UPDATE _prisma_migrations SET logs = $2 WHERE id = $1", [id, logs]);
}

async function hasHistory(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    "SELECT to_regclass(quote_ident(current_schema()) || '._prisma_migrations') IS NOT NULL AS found",
  );
  return rows[0]?.found === true;
}
