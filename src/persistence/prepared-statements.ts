import { createHash } from "node:crypto";
import type pg from "pg";
import type { Prisma } from "./generated/client.js";

/** A statement whose text is always the same: only its values differ from call to call. */
export interface Statement {
  /** What it is, such as `intent`. */
  readonly name: string;
  readonly sql: Prisma.Sql;
}

/** Connections, or one transaction on one of them. */
export interface Database {
  /** Runs it; outside of a transaction as one of its own. */
  rows<Row>(statement: Statement): Promise<Row[]>;
}

/** What PostgreSQL says where another connection answers than the one that had prepared the statement. Nothing has been run then. */
const IS_PREPARED_ELSEWHERE: ReadonlySet<unknown> = new Set(["26000", "42P05"]);

/**
 * Statements that each connection parses and plans once: for what every cancel does, that is most of what PostgreSQL and
 * this process would have to do for it.
 *
 * A pooler that gives each transaction another connection knows nothing of what was prepared. The first statement that meets with
 * that is run again, and that and all others are sent as they are from then on.
 * @param onPooler told of it, once.
 */
export function preparedOn(pool: pg.Pool, onPooler: () => void = () => undefined): Database {
  const names = new Map<string, { readonly text: string; readonly name: string }>();
  let isPrepared = true;

  /** With a digest of the text: two releases that share a pooler's connections must never run each other's. */
  function nameOf({ name }: Statement, text: string): string {
    const known = names.get(name);
    if (known?.text === text) return known.name;
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
    const named = { text, name: `${name}_${digest}` };
    names.set(name, named);
    return named.name;
  }

  async function run<Row>(statement: Statement): Promise<Row[]> {
    const { text, values } = statement.sql;
    const name = isPrepared ? { name: nameOf(statement, text) } : {};
    const { rows } = await pool.query<Row & pg.QueryResultRow>({ ...name, text, values });
    return rows;
  }

  return {
    async rows<Row>(statement: Statement): Promise<Row[]> {
      const wasPrepared = isPrepared;
      try {
        return await run<Row>(statement);
      } catch (error) {
        if (!wasPrepared || !IS_PREPARED_ELSEWHERE.has((error as { code?: unknown }).code)) throw error;
        if (isPrepared) onPooler();
        isPrepared = false;
        return run<Row>(statement);
      }
    },
  };
}

/** The same statements on Prisma's connections, or in a transaction of it. */
export function throughPrisma(prisma: Pick<Prisma.TransactionClient, "$queryRaw">): Database {
  return { rows: (statement) => prisma.$queryRaw(statement.sql) };
}
