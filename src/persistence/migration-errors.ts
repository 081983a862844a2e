/** The database does not answer, or lets nobody in with these credentials. Names the server, never the credentials. */
export class DatabaseUnreachableError extends Error {
  override readonly name = "DatabaseUnreachableError";

  constructor(host: string, port: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `The PostgreSQL at ${host}:${port} cannot be used: ${reason}. Check DATABASE_URL, and that the server runs.`,
      { cause },
    );
  }
}

/** A migration's SQL was refused by the database. The failure is on record there, and later starts refuse too. */
export class MigrationFailedError extends Error {
  override readonly name = "MigrationFailedError";

  constructor(
    readonly migration: string,
    cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Migration ${migration} failed: ${reason}. ${afterRepair(migration)}`, { cause });
  }
}

/** A migration failed, or was interrupted, in an earlier run. */
export class MigrationUnfinishedError extends Error {
  override readonly name = "MigrationUnfinishedError";

  constructor(
    readonly migration: string,
    logs: string | null,
  ) {
    super(
      `Migration ${migration} was begun before and did not finish (${logs ?? "it was interrupted"}). ${afterRepair(migration)}`,
    );
  }
}

/** A migration was changed after it had been applied. */
export class MigrationChangedError extends Error {
  override readonly name = "MigrationChangedError";

  constructor(readonly migration: string) {
    super(
      `Migration ${migration} has been changed since it was applied to this database. Restore it, and put the change in a new migration.`,
    );
  }
}

/** The database knows a migration which this version of the program does not. */
export class MigrationUnknownError extends Error {
  override readonly name = "MigrationUnknownError";

  constructor(readonly migration: string) {
    super(
      `The database has migration ${migration}, which this version does not know: a newer version has been here. Start that version.`,
    );
  }
}

/** The database holds tables, but no history of migrations: it is somebody else's. */
export class DatabaseNotEmptyError extends Error {
  override readonly name = "DatabaseNotEmptyError";

  constructor() {
    super(
      "The database holds tables but no record of migrations, so it is not this service's. Point DATABASE_URL to an empty database.",
    );
  }
}

/** Another process has been migrating this database for too long. */
export class MigrationLockError extends Error {
  override readonly name = "MigrationLockError";

  constructor(readonly waitedMs: number) {
    super(
      `Another process has been migrating this database for more than ${String(waitedMs / 1000)} s. Start again when it has finished.`,
    );
  }
}

function afterRepair(migration: string): string {
  return `Put the database right, then run: npx prisma migrate resolve --rolled-back ${migration} (or --applied, if you finished it by hand).`;
}
