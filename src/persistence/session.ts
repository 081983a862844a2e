import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/** Time to get a connection: to open one, or for one that is in use to come free. Then the caller fails clearly. */
export const CONNECT_MS = 3_000;

/** The database ends reads of callers after this time: nobody waits for them any longer. */
export const READ_MS = 20_000;
export const READS: Settings = { statement_timeout: `${READ_MS}ms` };
/** The database ends every statement of a cancel after this time. The history relies on it (`HORIZON`). */
export const CANCEL_MS = 10_000;
/**
 * Of what moves money, and finds out whether it moved. Whoever waits for a row gives up soon, because others may wait in the same batch.
 * Its statements are planned once: their plans depend on no value. By indexes, whatever PostgreSQL knows of the tables: those that were
 * empty when a plan was made would be read from end to end until autovacuum has analysed them.
 */
export const CANCELS: Settings = {
  statement_timeout: `${CANCEL_MS}ms`,
  lock_timeout: "2s",
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
};
/** The same on Citus, which chooses a server by the values of a statement, and so plans each anew. */
export const DISTRIBUTED_CANCELS: Settings = { ...CANCELS, plan_cache_mode: "auto" };
/** A migration has no time limit: one that was given up has to be repaired by hand. */
export const MIGRATES: Settings = {
  idle_in_transaction_session_timeout: "0",
  lock_timeout: "0",
  statement_timeout: "0",
};

type Settings = Readonly<Record<string, string>>;

/** Each session is opened with these, whatever server, database and role say. Not `synchronous_commit`: `remote_apply` must stay. */
const SETTINGS: Settings = {
  // Prisma's adapter reads and writes times without their zone.
  TimeZone: "UTC",
  DateStyle: "ISO",
  // The statements that hold between replicas wait for a row and then read its newest version, which only this level does.
  default_transaction_isolation: "read committed",
  // A process that is stopped or cut off within a transaction must not keep its rows locked.
  idle_in_transaction_session_timeout: "5s",
  // Nobody holds a row that long for a good reason: whoever waits for it gives its connection back.
  lock_timeout: "10s",
  // A caller's question is small, or has time: starting workers, or compiling a plan, costs more than it saves.
  max_parallel_workers_per_gather: "0",
  jit: "off",
  // Marks a session of our own. A pooler's session, which several use in turn, lacks it.
  "ebp_cancel.session": "own",
};

/**
 * Sets `synchronous_commit` even where it is good: else a change on the server would reach this session. Not in a pooler's session, where
 * the setting would hold for the next client too and hide what the role has.
 */
const SET_UP = `/* cancellation: session */
  SELECT set_config('synchronous_commit', CASE WHEN value IN ('on', 'remote_apply') THEN value ELSE 'on' END, false)
  FROM current_setting('synchronous_commit') AS value WHERE current_setting('ebp_cancel.session', true) = 'own';
  SELECT current_setting('server_encoding') AS server_encoding, current_setting('client_encoding') AS client_encoding,
    current_setting('DateStyle') AS "DateStyle", current_setting('TimeZone') AS "TimeZone",
    current_setting('transaction_isolation') AS default_transaction_isolation,
    current_setting('synchronous_commit') AS synchronous_commit, current_schema()::text AS search_path,
    current_setting('transaction_read_only') AS transaction_read_only, quote_ident(session_user) AS role`;

/** Something of a session on which the promise rests. */
interface Need {
  /** As SET_UP reads it. */
  readonly setting: string;
  readonly expected: string;
  /** Unstated: it is just what is expected. */
  readonly isMet?: (found: string | null) => boolean;
  /** What to do where it is not met; unstated, it is what a pooler drops, and is set for the role. */
  readonly remedy?: string;
}

/** Without these an outcome could be lost, misread, or written over an older version of its row. */
export const NEEDS: readonly Need[] = [
  {
    setting: "server_encoding",
    expected: "UTF8",
    remedy:
      "Text that this encoding lacks could not be stored. Restore a dump of the database into one that is made with ENCODING 'UTF8'",
  },
  { setting: "client_encoding", expected: "UTF8" },
  { setting: "DateStyle", expected: "ISO", isMet: (found) => found?.startsWith("ISO") === true },
  { setting: "TimeZone", expected: "UTC" },
  { setting: "default_transaction_isolation", expected: "read committed" },
  {
    setting: "synchronous_commit",
    expected: "on",
    isMet: (found) => found === "on" || found === "remote_apply",
  },
];

/** Checked at start only: a database that turns read-only later is still read. */
const IS_WRITABLE: Need = {
  setting: "transaction_read_only",
  expected: "off",
  remedy:
    "It is a standby, or default_transaction_read_only is on. Point DATABASE_URL to a server that can be written to, or set that to off",
};

export function inSchema(schema: string | null): Need {
  if (schema === null) {
    return {
      setting: "search_path",
      expected: "a schema that is there",
      isMet: (found) => found !== null,
      remedy: "Name the schema in DATABASE_URL with ?schema=, and run `npm run migrate`, which makes it",
    };
  }
  const name = pg.escapeIdentifier(schema);
  return {
    setting: "search_path",
    expected: schema,
    remedy:
      `Run \`npm run migrate\`, which makes the schema; or let the role use it with GRANT USAGE ON SCHEMA ${name} TO …; ` +
      `or, behind a pooler, ALTER ROLE … SET search_path = ${name}`,
  };
}

export class UnsuitableSessionError extends Error {
  override readonly name = "UnsuitableSessionError";

  constructor(readonly faults: readonly string[]) {
    super(
      `The database cannot be used as it is; what was stored could be lost or misread:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
    );
  }
}

type Found = Readonly<Record<string, string | null>>;

export function assertMet(needs: readonly Need[], found: Found): void {
  const faults = needs.flatMap(
    ({ setting, expected, isMet, remedy = setForRole(setting, expected, found) }) => {
      const value = found[setting] ?? null;
      const isGood = isMet === undefined ? value === expected : isMet(value);
      return isGood ? [] : [`${setting}: expected ${expected}, found ${value ?? "none"}. ${remedy}.`];
    },
  );
  if (faults.length > 0) throw new UnsuitableSessionError(faults);
}

function setForRole(setting: string, expected: string, { role }: Found): string {
  return `A pooler in between drops it: ALTER ROLE ${role ?? "…"} SET ${setting} = '${expected}', and let the pooler connect anew`;
}

export interface SessionConfig extends pg.PoolConfig {
  readonly needs: readonly Need[];
}

/** For every connection: how its session is set and checked, and keep-alive to notice a dead network. */
export function sessionConfig(url: string, settings: Settings = {}): SessionConfig {
  const schema = schemaOf(url);
  const path = schema === null ? {} : { search_path: pg.escapeIdentifier(schema) };
  return {
    connectionString: withOptions(url, { ...SETTINGS, ...path, ...settings }),
    application_name: "ebp-cancel-facade",
    keepAlive: true,
    Client: SessionClient,
    needs: [...NEEDS, inSchema(schema)],
  };
}

/** Appended to the URL's own `options`, which would replace any given beside the URL. The last setting counts. */
function withOptions(url: string, settings: Settings): string {
  const parsed = new URL(url);
  const given = parsed.searchParams.get("options");
  const all = Object.entries(settings).map(
    ([name, value]) => `-c ${name}=${value.replace(/[\\\s]/gu, "\\$&")}`,
  );
  parsed.searchParams.set("options", [...(given === null ? [] : [given]), ...all].join(" "));
  return parsed.href;
}

/** The schema that a URL names as Prisma does, by `?schema=`; null when it names none. */
export function schemaOf(url: string): string | null {
  const schema = new URL(url).searchParams.get("schema");
  return schema === "" ? null : schema;
}

/** A connection whose session is set and checked before anybody uses it. */
export class SessionClient extends pg.Client {
  readonly #needs: readonly Need[];

  readonly #patienceMs: number | undefined;

  constructor({ needs, ...config }: SessionConfig = { needs: NEEDS }) {
    super(config);
    this.#needs = needs;
    this.#patienceMs = config.connectionTimeoutMillis;
    // The next query reports a broken connection. Without a listener, the error would end the process.
    this.on("error", () => undefined);
  }

  override connect(): Promise<this>;
  override connect(done: ((error: Error) => void) | ((error: null, client: this) => void)): void;
  override connect(
    done?: ((error: Error) => void) | ((error: null, client: this) => void),
  ): Promise<this> | undefined {
    const opened = this.#open();
    if (done === undefined) return opened;
    const tell = done as (error: Error | null, client?: this) => void;
    opened.then(
      () => tell(null, this),
      (error: unknown) => tell(error as Error),
    );
    return undefined;
  }

  async #open(): Promise<this> {
    await super.connect();
    try {
      const patience = this.#patienceMs === undefined ? {} : { query_timeout: this.#patienceMs };
      // Two statements, of which pg has two results; they share a session also behind a pooler.
      const results = (await this.query({ text: SET_UP, ...patience })) as unknown as pg.QueryResult<Found>[];
      assertMet(this.#needs, results.at(-1)?.rows[0] ?? {});
    } catch (error) {
      void this.end();
      throw error;
    }
    return this;
  }
}

/** The database does not answer, or lets nobody in with these credentials. Names the server, never the credentials. */
class DatabaseUnreachableError extends Error {
  override readonly name = "DatabaseUnreachableError";
}

/** @throws DatabaseUnreachableError, UnsuitableSessionError */
export async function withSession<T>(
  config: SessionConfig,
  work: (client: SessionClient) => Promise<T>,
): Promise<T> {
  const client = new SessionClient(config);
  await client.connect().catch((cause: unknown) => {
    if (cause instanceof UnsuitableSessionError) throw cause;
    throw new DatabaseUnreachableError(
      `The PostgreSQL at ${client.host}:${client.port} cannot be used: ${(cause as Error).message}. Check DATABASE_URL, and that the server runs.`,
      { cause },
    );
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface CheckedSession {
  /** With the schema that all sessions use. */
  readonly url: string;
  /** A pooler lends its own sessions, which lack the mark of ours. */
  readonly isPooled: boolean;
  /** Its tables may lie on several servers. */
  readonly isCitus: boolean;
}

/** Checks a session when a process starts. */
export async function checkSession(url: string): Promise<CheckedSession> {
  const config = sessionConfig(url);
  return withSession({ ...config, needs: [...config.needs, IS_WRITABLE] }, async (client) => {
    const { rows } = await client.query<{ schema: string; mark: string | null; is_citus: boolean }>(
      `SELECT current_schema()::text AS schema, current_setting('ebp_cancel.session', true) AS mark,
         EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS is_citus`,
    );
    const [found] = rows;
    return {
      url: withSchema(url, found?.schema ?? ""),
      isPooled: found?.mark !== "own",
      isCitus: found?.is_citus === true,
    };
  });
}

/** Also for Prisma's model API, which ignores the search path. */
export function withSchema(url: string, schema: string): string {
  const named = new URL(url);
  named.searchParams.set("schema", schema);
  return named.href;
}

/** A database that is there answers within milliseconds; one that is gone without a word never does. */
const FAREWELL_MS = 2_000;

/** Waits for a connection or a pool to end, but not for a database that is gone. */
export async function endInTime(ended: Promise<unknown>): Promise<void> {
  await Promise.race([ended.catch(() => undefined), delay(FAREWELL_MS, undefined, { ref: false })]);
}
