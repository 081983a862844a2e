import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { TooSlowError } from "../cancellation/model/errors.js";
import { Prisma, PrismaClient } from "./generated/client.js";
import { CONNECT_MS, PoolQueue, type Taken } from "./pool-queue.js";
import type { Query } from "./statement.js";

/** How long a request waits for a free connection before it fails clearly: nobody is helped by an answer later than that. */
export const REQUEST_PATIENCE_MS = 1_000;
/** What has to be stored, or is about to be decided, waits longer: whoever gives up goes to the end of the queue. */
export const WORK_PATIENCE_MS = 5_000;
/**
 * Prisma gives up on a transaction by the clock, in words of its own, from which nobody learns that there was no connection. The pool,
 * which tells, has given up long before.
 */
const TRANSACTION_WAIT_MS = 2 * CONNECT_MS;

/** On connections of its own, which end with it. Opens none until the first query. */
export function createPrisma(url: string): PrismaClient {
  return prismaOn(new PoolQueue(url), WORK_PATIENCE_MS);
}

/** On connections which it shares, and which end with the first of those who share them. */
export function prismaOn(queue: PoolQueue, patienceMs: number): PrismaClient {
  // Unless it is told, the model API goes to `public`, and statements of our own to the first of the search path.
  const schema = queue.schema === null ? {} : { schema: queue.schema };
  const adapter = new PrismaPg(new PoolAccess(queue, patienceMs), { ...schema, disposeExternalPool: true });
  return new PrismaClient({ adapter, transactionOptions: { maxWait: TRANSACTION_WAIT_MS } });
}

/**
 * A way into a pool that several share, each with a patience of its own. A `pg.Pool` by its face, which is all that Prisma's adapter
 * takes; it has no connections itself.
 */
export class PoolAccess extends pg.Pool {
  constructor(
    private readonly queue: PoolQueue,
    private readonly patienceMs: number,
  ) {
    super(queue.options);
  }

  /** Every query of a pool comes by here. */
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

/** Connections, or one transaction on one of them. */
export interface Database {
  /** Runs it; outside of a transaction as one of its own. */
  rows<Row>(query: Query): Promise<Row[]>;
}

/** What PostgreSQL says where another connection answers than the one that had prepared the statement. Nothing has been run then. */
const IS_PREPARED_ELSEWHERE: ReadonlySet<unknown> = new Set(["26000", "42P05"]);

/**
 * Has each connection parse and plan a statement once: for what every cancel does, that is most of what PostgreSQL would have to
 * do for it.
 *
 * A pooler that gives each transaction another connection knows nothing of what was prepared. The first statement that meets with
 * that is run again, and that and all others are sent as they are from then on.
 * @param onPooler told of it, once.
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

/** The same statements on Prisma's connections, or in a transaction of it. */
export function throughPrisma(prisma: Pick<Prisma.TransactionClient, "$queryRawUnsafe">): Database {
  return { rows: (query) => prisma.$queryRawUnsafe(query.text, ...query.values) };
}

/** PostgreSQL's code for a statement that its `statement_timeout` has ended. */
const QUERY_CANCELLED = "57014";

/** @throws TooSlowError where the database has given up; anything else as it is. */
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
