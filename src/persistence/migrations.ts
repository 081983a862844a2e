import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { MigrationFailedError, MigrationLockError } from "./migration-errors.js";
import { readMigrationFiles, type MigrationFile } from "./migration-files.js";
import {
  createHistory,
  findPending,
  recordFailed,
  recordFinished,
  recordStarted,
} from "./migration-history.js";
import { makeSchema, MIGRATES, NEEDS, sessionConfig, withSession, type SessionConfig } from "./session.js";

export interface MigrationOptions {
  readonly url: string;
  /** The folder `prisma/migrations`. */
  readonly directory: string;
  readonly log: (message: string) => void;
}

/** The advisory lock which Prisma Migrate takes. */
const LOCK = 72707369;
const LOCK_POLL_MS = 100;
/** Longer than our migrations take; a rollout's orchestrator is told before it loses patience. */
const LOCK_LIMIT_MS = 60_000;

/**
 * Applies the migrations this database does not have yet, and returns their names. Does the work, and keeps the books, of
 * `prisma migrate deploy`, without the engine that needs a download. Replicas may start at once: one applies, the others wait.
 */
export async function applyMigrations({ url, directory, log }: MigrationOptions): Promise<string[]> {
  const files = await readMigrationFiles(directory);
  // The schema that is named may have to be made first.
  return withSession({ ...sessionConfig(url, MIGRATES), needs: NEEDS }, async (keeper) => {
    // Held until this connection ends.
    await lock(keeper);
    const inSchema = sessionConfig(await makeSchema(keeper, url), MIGRATES);
    return withSession(inSchema, async (client) => {
      await createHistory(client);
      const pending = await findPending(client, files);
      for (const file of pending) {
        await apply(client, inSchema, file);
        log(`applied migration ${file.name}`);
      }
      return pending.map(({ name }) => name);
    });
  });
}

/** The names of the migrations this database does not have yet. Changes nothing. */
export async function pendingMigrations({ url, directory }: MigrationOptions): Promise<string[]> {
  const files = await readMigrationFiles(directory);
  const pending = await withSession(sessionConfig(url), (client) => findPending(client, files));
  return pending.map(({ name }) => name);
}

async function lock(client: pg.Client): Promise<void> {
  const deadline = Date.now() + LOCK_LIMIT_MS;
  for (;;) {
    // Query again and again: a session that waits inside pg_advisory_lock holds a snapshot,
    // for which CREATE INDEX CONCURRENTLY in the migration being applied would wait in turn, for ever.
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1) AS locked", [
      LOCK,
    ]);
    if (rows[0]?.locked === true) return;
    if (Date.now() > deadline) throw new MigrationLockError(LOCK_LIMIT_MS);
    await delay(LOCK_POLL_MS);
  }
}

async function apply(books: pg.Client, session: SessionConfig, file: MigrationFile): Promise<void> {
  const id = await recordStarted(books, file);
  try {
    // On a connection of its own: what a script sets (a role, a search path, an unfinished transaction) must not reach the books.
    await withSession(session, async (client) => {
      await client.query(file.sql);
      if (client.getTransactionStatus() !== "I") throw new Error("the script leaves its transaction open");
    });
  } catch (cause) {
    const error = new MigrationFailedError(file.name, cause);
    await recordFailed(books, id, error.message);
    throw error;
  }
  await recordFinished(books, id);
}
