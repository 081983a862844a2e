import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { TooSlowError } from "../cancellation/model/errors.js";
import { Prisma, PrismaClient } from "./generated/client.js";
import { CONNECT_MS, PoolQueue, type Taken } from "./pool-queue.js";
import type { Query } from "./statement.js";

/** How long a request waits for a free connection before it fails clearly. */
export const REQUEST_PATIENCE_MS = 1_000;
/** What has to be stored or decided waits longer. */
export const WORK_PATIENCE_MS = 5_000;
/** Prisma's own time-out does not say that there was no connection. The pool, which does, gives up long before. */
const TRANSACTION_WAIT_MS = 2 * CONNECT_MS;

/** On connections of its own, which end with it. */
export function createPrisma(url: string): PrismaClient {
  return prismaOn(new PoolQueue(url), WORK_PATIENCE_MS);
}

/** On shared connections, which end with the first client that shares them. */
export function prismaOn(queue: PoolQueue, patienceMs: number): PrismaClient {
  // By default the model API goes to `public`, and raw statements to the first schema of the search path.
  const schema = queue.schema === null ? {} : { schema: queue.schema };
  const adapter = new PrismaPg(new PoolAccess(queue, patienceMs), { ...schema, disposeExternalPool: true });
  return new PrismaClient({ adapter, transactionOptions: { maxWait: TRANSACTION_WAIT_MS } });
}

/** Access to a shared pool, with a patience of its own. A `pg.Pool`, since Prisma's adapter takes nothing else; without connections. */
export class PoolAccess extends pg.Pool {
  constructor(
    private readonly queue: PoolQueue,
    private readonly patienceMs: number,
  ) {
    super(queue.options);
  }

  /** Every query of a pool goes through here. */
  override connect(): Promise<pg.PoolClient>;
  override connect(taken: Taken): void;
  override connect(taken?: Taken): Promise<pg.PoolClient> | undefined {
    if (taken !== undefined) {
      this.queue.take(this.patienceMs, taken);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.queue.take(this.patienceMs, (error, client) => {
        if (client === undefined) reject(error ?? new Error("taking a connection: there is none"));
        else resolve(client);
      });
    });
  }

  override async end(): Promise<void> {
    await this.queue.end();
  }
}

/** A pool of connections, or one transaction. */
export interface Database {
  /** Runs it, outside of a transaction as one of its own. */
  rows<Row>(query: Query): Promise<Row[]>;
}

/** PostgreSQL's codes when another connection answers than the one that prepared the statement. Nothing was run then. */
const IS_PREPARED_ELSEWHERE: ReadonlySet<unknown> = new Set(["26000", "42P05"]);

/**
 * Each connection parses and plans a statement once: for a cancel, that is most of PostgreSQL's work.
 *
 * Behind a pooler, the next transaction may have a connection that knows none of the prepared statements. The first statement that
 * fails so is run again, and from then on none is prepared.
 * @param onPooler called once when that happens.
 */
export function preparedOn(pool: pg.Pool, onPooler: () => void = () => undefined): Database {
  let isPrepared = true;

  async function run<Row>({ name, text, values }: Query): Promise<Row[]> {
    const { rows } = await pool.query<Row & pg.QueryResultRow>(
      isPrepared && name !== undefined ? { name, text, values: [...values] } : { text, values: [...values] },
    );
    return rows;
  }

  return {
    async rows<Row>(query: Query): Promise<Row[]> {
      const wasPrepared = isPrepared;
      try {
        return await run<Row>(query);
      } catch (error) {
        if (!wasPrepared || !IS_PREPARED_ELSEWHERE.has((error as { code?: unknown }).code)) throw error;
        if (isPrepared) onPooler();
        isPrepared = false;
        return run<Row>(query);
      }
    },
  };
}

/** On Prisma's connections, or in a transaction of it. */
export function throughPrisma(prisma: Pick<Prisma.TransactionClient, "$queryRawUnsafe">): Database {
  return { rows: (query) => prisma.$queryRawUnsafe(query.text, ...query.values) };
}

/** PostgreSQL's code for a statement that its `statement_timeout` has ended. */
const QUERY_CANCELLED = "57014";

/** @throws TooSlowError when the database gave up; other errors as they are. */
export async function orTooSlow<T>(what: string, patienceMs: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isCancelled(error)) throw new TooSlowError(what, patienceMs, error);
    throw error;
  }
}

function isCancelled(error: unknown): boolean {
  if ((error as { code?: unknown }).code === QUERY_CANCELLED) return true;
  return (
    error instanceof Prisma.PrismaClientKnownRequestError &&
    JSON.stringify(error.meta ?? null).includes(QUERY_CANCELLED)
  );
}
