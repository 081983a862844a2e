import type pg from "pg";
import type { Prisma } from "./generated/client.js";
import type { Asked } from "./statement.js";

/** Connections, or one transaction on one of them. */
export interface Database {
  /** Runs it; outside of a transaction as one of its own. */
  rows<Row>(asked: Asked): Promise<Row[]>;
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

  async function run<Row>({ name, text, values }: Asked): Promise<Row[]> {
    const { rows } = await pool.query<Row & pg.QueryResultRow>(
      isPrepared && name !== null ? { name, text, values: [...values] } : { text, values: [...values] },
    );
    return rows;
  }

  return {
    async rows<Row>(asked: Asked): Promise<Row[]> {
      const wasPrepared = isPrepared;
      try {
        return await run<Row>(asked);
      } catch (error) {
        if (!wasPrepared || !IS_PREPARED_ELSEWHERE.has((error as { code?: unknown }).code)) throw error;
        if (isPrepared) onPooler();
        isPrepared = false;
        return run<Row>(asked);
      }
    },
  };
}

/** The same statements on Prisma's connections, or in a transaction of it. */
export function throughPrisma(prisma: Pick<Prisma.TransactionClient, "$queryRaw">): Database {
  return { rows: (asked) => prisma.$queryRaw(asked.toSql()) };
}
