import { Prisma, type PrismaClient } from "../generated/client.js";

/** The tables whose rows go to an archive. */
const ARCHIVED_TABLES = ["cancellation", "cancellation_item", "cancellation_event", "webhook_event"] as const;
type ArchivedTable = (typeof ARCHIVED_TABLES)[number];

/** For each table, what makes a row of it, named as the table, into JSON. */
export type RowJson = Readonly<Record<ArchivedTable, Prisma.Sql>>;

interface ColumnRow {
  readonly table: ArchivedTable;
  readonly name: string;
  readonly type: string;
}

/**
 * Taken from the database itself, so that a column which comes with a later migration is in the archive without anybody having
 * thought of it. PostgreSQL writes the JSON: an amount never becomes a number on the way.
 */
export async function readRowJson(prisma: Pick<PrismaClient, "$queryRaw">): Promise<RowJson> {
  const columns = await prisma.$queryRaw<ColumnRow[]>`
    SELECT relname AS "table", attname AS name, typname AS type
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = ANY(${[...ARCHIVED_TABLES]}::regclass[]) AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum`;
  const of = (table: ArchivedTable): Prisma.Sql =>
    rowJson(columns.filter((column) => column.table === table));
  return {
    cancellation: of("cancellation"),
    cancellation_item: of("cancellation_item"),
    cancellation_event: of("cancellation_event"),
    webhook_event: of("webhook_event"),
  };
}

/** From a row of columns, not from arguments: a function takes a hundred, and a table may have more than fifty columns. */
function rowJson(columns: readonly ColumnRow[]): Prisma.Sql {
  const values = columns.map(
    ({ table, name, type }) => `${inJson(`"${table}"."${name}"`, type)} AS "${name}"`,
  );
  return Prisma.raw(`(SELECT row_to_json(archived_row) FROM (SELECT ${values.join(", ")}) AS archived_row)`);
}

function inJson(column: string, type: string): string {
  switch (type) {
    case "numeric":
      return `${column}::text`;
    case "bytea":
      // PostgreSQL breaks base64 into lines of 76 characters.
      return `translate(encode(${column}, 'base64'), E'\\n', '')`;
    case "timestamptz":
      // The session is in UTC. A moment of a later precision than milliseconds keeps it.
      return `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    default:
      return column;
  }
}
