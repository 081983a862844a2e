import { fileURLToPath } from "node:url";
import type { Config } from "../config/config.js";
import { startEmbeddedPostgres } from "../persistence/embedded-postgres.js";
import {
  createEncryptor,
  type EncryptionKey,
  type Encryptor,
  localEncryptionKey,
} from "../persistence/encryptor.js";
import { applyMigrations, pendingMigrations } from "../persistence/migrations.js";
import { type Database, DatabaseClient } from "../persistence/client.js";
import { DatabaseWatch, openDatabaseHistory } from "../persistence/database-watch.js";
import { enterRecent, type EnterRecentDependencies } from "../persistence/enter-again.js";
import type { ReencryptOptions } from "../persistence/reencrypt.js";
import { type CheckedSession, checkSession, schemaOf } from "../persistence/session.js";
import type { Log } from "./log.js";
import { startPeriodic, type Releases } from "./releases.js";

export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/** Encrypted data and their encryptor, for commands that have nothing to ask EBP. */
export interface EncryptedData {
  readonly prisma: ReencryptOptions["prisma"];
  readonly databaseUrl: string;
  readonly encryptor: Encryptor;
  /** The newest first. */
  readonly keyIds: readonly string[];
}

export async function openEncryptedData(
  config: Config,
  log: Log,
  releases: Releases,
): Promise<EncryptedData> {
  const { url: databaseUrl } = await openDatabase(config, log, releases);
  const client = new DatabaseClient(databaseUrl);
  releases.add("the database connections", () => client.close());
  const keys = await encryptionKeys(config);
  return {
    prisma: client.prisma,
    databaseUrl,
    encryptor: createEncryptor(keys),
    keyIds: keys.map(({ id }) => id),
  };
}

/**
 * Migrates an embedded database. Any other is left to `ebp-cancel migrate`, and only checked. Both after its sessions are known to
 * be set as they have to be: a session with other settings could misread data.
 */
export async function openDatabase(config: Config, log: Log, releases: Releases): Promise<CheckedSession> {
  const say = (message: string): void => log.info(message);
  if (config.databaseUrl === null) {
    const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, log: say });
    releases.add("the embedded PostgreSQL", () => embedded.stop());
    const session = await checkSession(embedded.url);
    await applyMigrations({ url: session.url, directory: MIGRATIONS_FOLDER, log: say });
    return session;
  }
  const session = await checkSession(config.databaseUrl);
  const { url } = session;
  const pending = await pendingMigrations({ url, directory: MIGRATIONS_FOLDER, log: say });
  if (pending.length === 0) return session;
  const schema = schemaOf(url) ?? "";
  const name =
    schemaOf(config.databaseUrl) === null
      ? `DATABASE_URL names no schema, for which Prisma would take public: add ?schema=${encodeURIComponent(schema)} to it. `
      : "";
  throw new Error(
    `The schema ${schema} of the database at DATABASE_URL lacks the migrations ${pending.join(", ")}. ${schema === "public" ? "" : name}Apply them with \`npm run migrate\` (in production \`node dist/src/main.js migrate\`), then start again.`,
  );
}

/** The newest first. Without any in the configuration, one that is kept in the data folder. */
export async function encryptionKeys(config: Config): Promise<[EncryptionKey, ...EncryptionKey[]]> {
  const [newest, ...older] = config.encryptionKeys ?? [];
  return newest === undefined ? [await localEncryptionKey(config.dataDir)] : [newest, ...older];
}

/** How often this replica looks where the database stands, besides at each new connection and each cancel. */
const LOOK_EVERY_MS = 5_000;

export interface WatchDependencies {
  readonly database: Database;
  /** A new connection of one of them may lead to another server. */
  readonly clients: readonly DatabaseClient[];
  readonly holdMs: number;
  readonly log: Log;
  readonly releases: Releases;
  readonly onWentBack: () => void;
}

/** Watches from now on whether the database goes back in time. */
export async function openWatch({
  database,
  clients,
  holdMs,
  log,
  releases,
  onWentBack,
}: WatchDependencies): Promise<DatabaseWatch> {
  const watch = new DatabaseWatch(await openDatabaseHistory(database, holdMs), {
    onWentBack: (heldForMs) => {
      onWentBack();
      log.error(
        { heldForMs },
        "PostgreSQL has gone back in time: a standby was promoted, or a backup restored. No cancel is sent until what was forgotten is entered again. After a restored backup, run `npm run recover`",
      );
    },
    onFault: (error) =>
      log.warn({ err: error }, "looking where the database stands failed; it is tried again"),
  });
  await watch.look();
  for (const client of clients) client.onConnect(() => void watch.nudge());
  releases.add("the watch over the database", () => watch.stop());
  const what = "looking where the database stands";
  startPeriodic(() => watch.nudge(), { what, intervalMs: LOOK_EVERY_MS, log, releases });
  return watch;
}

/** Has all that this replica remembers entered again when the database has forgotten it. */
export function enterAgainOn(
  watch: DatabaseWatch,
  parts: Omit<EnterRecentDependencies, "onKeyTaken">,
  log: Log,
): void {
  watch.remembers(async () => {
    const onKeyTaken: EnterRecentDependencies["onKeyTaken"] = ({ id }) =>
      log.error(
        { cancellationId: id },
        "the database had forgotten this cancellation, and its key, or its id, is another one's now: money may have moved twice",
      );
    log.warn(
      await enterRecent({ ...parts, onKeyTaken }),
      "what this replica remembers is in the database again",
    );
  });
}
