import type { Encrypted } from "./encryptor.js";
import type { EncryptedTable } from "./encrypted-tables.js";
import { Prisma } from "./generated/client.js";

/** A row that was looked at. */
export interface EncryptedRecord {
  /** Its primary key, as texts. */
  readonly key: readonly string[];
  /** Null, as `encrypted`, when the row holds nothing encrypted. */
  readonly key_id: string | null;
  readonly encrypted: Uint8Array<ArrayBuffer> | null;
}

/** A row, the key it was encrypted with when it was read, and the seal that takes its place. */
export interface Reencrypted {
  readonly key: readonly string[];
  readonly before: string;
  readonly after: Encrypted;
}

export interface MovedRow {
  /** The key it was encrypted with before. */
  readonly before: string;
}

export interface PageSize {
  readonly rows: number;
  /** Of what is encrypted in them; one row at least, however large. */
  readonly bytes: number;
}

/**
 * The next rows by primary key, whatever they are encrypted with: each statement reads a page and no more, however few are left to
 * be moved. Backward: the last ones.
 */
export function pageStatement(
  table: EncryptedTable,
  span: { readonly after: readonly string[] | null; readonly upTo: readonly string[] } | "backward",
  size: PageSize,
): Prisma.Sql {
  const { name, column, keyIdColumn } = table;
  const columns = columnsOf(table);
  const way = span === "backward" ? "DESC" : "ASC";
  const order = Prisma.raw(columns.map((column) => `${column} ${way}`).join(", "));
  const texts = Prisma.raw(columns.map((column) => `${column}::text`).join(", "));
  const key = columnList(table);
  const within =
    span === "backward"
      ? Prisma.sql`true`
      : Prisma.sql`(${key}) <= (${valueList(table, span.upTo)})
          AND ${span.after === null ? Prisma.sql`true` : Prisma.sql`(${key}) > (${valueList(table, span.after)})`}`;
  return Prisma.sql`
    /* reencrypt: page */
    SELECT key, key_id, encrypted FROM (
      SELECT
        ARRAY[${texts}] AS key,
        ${Prisma.raw(keyIdColumn)} AS key_id, ${Prisma.raw(column)} AS encrypted,
        row_number() OVER page AS position,
        coalesce(sum(octet_length(${Prisma.raw(column)})) OVER page, 0) AS bytes
      FROM ${Prisma.raw(name)}
      WHERE ${within}
      WINDOW page AS (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)
      ORDER BY ${order}
      LIMIT ${size.rows}
    ) AS page
    WHERE position = 1 OR bytes <= ${size.bytes}
    ORDER BY position`;
}

/**
 * Puts the new seals in place of the old ones, and tells for each row that was moved which key it had. One that is encrypted otherwise by now is left alone, and so
 * is one that somebody else is writing: this statement waits for nobody, so it can be in nobody's way for longer than it takes.
 */
export function moveStatement(table: EncryptedTable, rows: readonly Reencrypted[]): Prisma.Sql {
  const { name, column, keyIdColumn } = table;
  const columns = columnsOf(table);
  const same = (one: string, other: string): Prisma.Sql =>
    Prisma.raw(columns.map((column) => `${one}.${column} = ${other}.${column}`).join(" AND "));
  const values = rows.map(
    ({ key, before, after }) =>
      Prisma.sql`(${valueList(table, key)}, ${before}::text, ${after.keyId}::text, ${after.bytes}::bytea)`,
  );
  return Prisma.sql`
    /* reencrypt: move */
    WITH new_seal (${columnList(table)}, before_key_id, after_key_id, after_sealed) AS (
      VALUES ${Prisma.join(values)}
    ), locked AS (
      SELECT new_seal.* FROM ${Prisma.raw(name)} AS old JOIN new_seal ON ${same("old", "new_seal")}
      WHERE old.${Prisma.raw(keyIdColumn)} = before_key_id
      FOR NO KEY UPDATE OF old SKIP LOCKED
    )
    UPDATE ${Prisma.raw(name)} AS target SET
      ${Prisma.raw(column)} = after_sealed, ${Prisma.raw(keyIdColumn)} = after_key_id
    FROM locked
    WHERE ${same("target", "locked")}
    RETURNING before_key_id AS "before"`;
}

/** About how many rows there are, as the planner believes; counting them would read them all. */
export function estimateStatement({ name }: EncryptedTable): Prisma.Sql {
  return Prisma.sql`SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = ${name}::regclass`;
}

function columnsOf({ key }: EncryptedTable): string[] {
  return key.map(([column]) => column);
}

function columnList(table: EncryptedTable): Prisma.Sql {
  return Prisma.raw(columnsOf(table).join(", "));
}

function valueList({ key }: EncryptedTable, values: readonly string[]): Prisma.Sql {
  return Prisma.join(key.map(([, type], index) => Prisma.sql`${values[index]}::${Prisma.raw(type)}`));
}
