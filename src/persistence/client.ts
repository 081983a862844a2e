import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { BusyError, TooSlowError } from "../cancellation/model/errors.js";
import { Prisma, PrismaClient } from "./generated/client.js";
import { CONNECT_MS, endInTime, schemaOf, sessionConfig, UnsuitableSessionError } from "./session.js";
import { preparedName, type Query } from "./statement.js";

/** After this a connection counts as dead, as after a failover that drops packets, and its query is tried again. */
const QUERY_TIMEOUT_MS = 30_000;
const PATIENCE = { connect: CONNECT_MS, query: QUERY_TIMEOUT_MS };
/** Prisma's own time-out does not say that there was no connection. The pool, which does, gives up before. */
const TRANSACTION_WAIT_MS = 2 * CONNECT_MS;

export interface ClientOptions {
  /** Of each session. */
  readonly settings?: Parameters<typeof sessionConfig>[1];
  /** Connections at most. */
  readonly size?: number;
  /** How long a caller waits for a connection, and how long a connection that does not answer is taken to be alive. */
  readonly patienceMs?: { readonly connect: number; readonly query: number };
  /** Whether each connection keeps the statements of fixed text. Behind a pooler the next transaction may have another connection. */
  readonly prepares?: boolean;
}

/** For each connection. A statement takes some milliseconds, so the last of them waits a tenth of a second or two. */
const MOST_WAITING = 20;
/** Enough for what a person runs by hand. */
const FEW = 4;

/** Prisma on a pool of connections, of which the first is opened on demand. */
export class DatabaseClient {
  readonly prisma: PrismaClient;

  readonly #pool: Connections;

  constructor(
    url: string,
    { settings, size = FEW, patienceMs = PATIENCE, prepares = false }: ClientOptions = {},
  ) {
    this.#pool = new Connections({
      ...sessionConfig(url, settings),
      max: size,
      connectionTimeoutMillis: patienceMs.connect,
      query_timeout: patienceMs.query,
    });
    // By default the model API goes to `public`, and raw statements to the first schema of the search path.
    const schema = schemaOf(url);
    const adapter = new PrismaPg(this.#pool, {
      ...(schema !== null && { schema }),
      disposeExternalPool: true,
      // One without a name is not prepared.
      ...(prepares && { statementNameGenerator: ({ sql }) => preparedName(sql) ?? "" }),
    });
    this.prisma = new PrismaClient({ adapter, transactionOptions: { maxWait: TRANSACTION_WAIT_MS } });
  }

  /** So many wait for a connection, or in vain, that a new caller should rather try again later. */
  get isSaturated(): boolean {
    return this.#pool.isStuck || this.waitingCount >= this.#pool.options.max * MOST_WAITING;
  }

  /** Callers who wait for a connection. */
  get waitingCount(): number {
    return this.#pool.waitingCount;
  }

  /** Called for each new connection: it may lead to another server. */
  onConnect(listener: () => void): void {
    this.#pool.on("connect", listener);
  }

  async close(): Promise<void> {
    await endInTime(this.prisma.$disconnect());
  }
}

type Taken = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** The library has no error of its own for a caller who found no free connection in time, and so asked the database nothing: this is it. */
class Connections extends pg.Pool {
  /** Somebody has waited in vain, and no connection has come back since. */
  isStuck = false;

  constructor(options: pg.PoolConfig) {
    super(options);
    // An idle connection that breaks is gone from the pool already; unheard, it would end the process.
    this.on("error", () => undefined);
    this.on("release", () => (this.isStuck = false));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(taken: Taken): void;
  override connect(taken?: Taken): Promise<pg.PoolClient> | undefined {
    if (taken === undefined)
      return super.connect().catch((error: unknown) => Promise.reject(this.#named(error as Error)));
    super.connect((error, client, done) => taken(error && this.#named(error), client, done));
    return undefined;
  }

  /** What PostgreSQL or the network refuses has a code. */
  #named(error: Error): Error {
    if ("code" in error || error instanceof UnsuitableSessionError) return error;
    this.isStuck = true;
    return new BusyError();
  }
}

/** Prisma, or one transaction of it. */
export interface Database {
  /** Runs it, outside of a transaction as one of its own. */
  rows<Row>(query: Query): Promise<Row[]>;
}

export function throughPrisma(prisma: Pick<Prisma.TransactionClient, "$queryRawUnsafe">): Database {
  return { rows: (query) => prisma.$queryRawUnsafe(query.text, ...query.values) };
}

/** PostgreSQL's code for why it refused a statement; null when it was not PostgreSQL that did. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return null;
  const driverError = error.meta?.["driverAdapterError"] as { cause?: { originalCode?: string } } | undefined;
  return driverError?.cause?.originalCode ?? null;
}

/** A statement that its `statement_timeout` has ended. */
const QUERY_CANCELLED = "57014";

/** @throws TooSlowError when the database gave up; other errors as they are. */
export async function orTooSlow<T>(what: string, patienceMs: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (sqlStateOf(error) === QUERY_CANCELLED) throw new TooSlowError(what, patienceMs, error);
    throw error;
  }
}
