import { DatabaseClient } from "../../src/persistence/client.js";
import type { PrismaClient } from "../../src/persistence/generated/client.js";
import pg from "pg";

/** The same server, another database. */
export function databaseUrl(url: string, database: string): string {
  const result = new URL(url);
  result.pathname = `/${database}`;
  return result.href;
}

export async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(configOf(url));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** As the service does, in the schema that the URL names. */
function configOf(url: string): pg.ClientConfig {
  const schema = new URL(url).searchParams.get("schema");
  const options = `-c search_path=${pg.escapeIdentifier(schema ?? "").replaceAll(" ", "\\ ")}`;
  return { connectionString: url, ...(schema !== null && { options }) };
}

/** Runs statements on connections that it keeps: opening one costs PostgreSQL more than most statements do. */
export interface SqlRunner {
  /** Its rows, loosely typed on purpose. */
  readonly sql: (text: string, values?: readonly unknown[]) => Promise<any[]>;
  readonly close: () => Promise<void>;
}

export function openSql(url: string): SqlRunner {
  const pool = new pg.Pool({ ...configOf(url), max: 2, allowExitOnIdle: true });
  // A test may end its session while it is idle; the next statement opens another.
  pool.on("error", () => undefined);
  return {
    sql: async (text, values) => (await pool.query(text, values?.slice())).rows,
    close: () => pool.end(),
  };
}

/** Ends the sessions that are still in it: a test that failed may not have closed its own. */
export async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** Prisma as the service has it, on connections of its own, which end with `$disconnect`. */
export function createPrisma(url: string): PrismaClient {
  return new DatabaseClient(url).prisma;
}
