/** The programs are not installed, or do not run on this machine. */
export class EmbeddedPostgresUnavailableError extends Error {
  override readonly name = "EmbeddedPostgresUnavailableError";
}

/** We are root, and there is no ordinary account to run PostgreSQL as. */
export class EmbeddedPostgresAccountError extends Error {
  override readonly name = "EmbeddedPostgresAccountError";
}

/** The data folder cannot be used by the account PostgreSQL runs as. */
export class EmbeddedPostgresFolderError extends Error {
  override readonly name = "EmbeddedPostgresFolderError";
}

/** Another live process owns the data folder. */
export class EmbeddedPostgresInUseError extends Error {
  override readonly name = "EmbeddedPostgresInUseError";

  constructor(
    readonly folder: string,
    readonly pid: number,
  ) {
    super(
      `The database in ${folder} is in use by process ${String(pid)}. ` +
        "Stop that process, or set DATA_DIR to another folder.",
    );
  }
}

/** The data were written by another major version of PostgreSQL. */
export class EmbeddedPostgresVersionError extends Error {
  override readonly name = "EmbeddedPostgresVersionError";

  constructor(
    readonly folder: string,
    readonly found: string,
    readonly expected: string,
  ) {
    super(
      `The data in ${folder} were written by PostgreSQL ${found}, which PostgreSQL ${expected} cannot read. ` +
        `Move them with PostgreSQL ${found}'s pg_dump, or set DATA_DIR to another folder to start with an empty history.`,
    );
  }
}

/** PostgreSQL (or initdb) started and failed, or did not stop. */
export class EmbeddedPostgresServerError extends Error {
  override readonly name = "EmbeddedPostgresServerError";
}
