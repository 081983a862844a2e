import { createHash } from "node:crypto";
import type { Decimal } from "../cancellation/model/decimal.js";

/** What a driver can send. Amounts go as text, which PostgreSQL reads into NUMERIC exactly. */
export type SqlValue = string | number | boolean | null | Uint8Array | readonly string[];
export type SqlValues = Readonly<Record<string, SqlValue>>;

/** A statement with its values, to be run. What `Prisma.sql` makes is one too. */
export interface Query {
  /** With `$1`, `$2` and so on for its values. */
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The names of the texts that are prepared: a connection parses and plans each of them once. */
const NAMES = new Map<string, string>();

/** Undefined for a text that is made anew each time. */
export function preparedName(text: string): string | undefined {
  return NAMES.get(text);
}

/** `:name`, and not the type after `::`. */
const PLACE = /(?<![:\w]):([a-z]\w*)/giu;

/**
 * A statement whose text never changes, so that PostgreSQL can prepare it: `:name` stands for the value of that name, as often as it is
 * needed.
 * @param what what it is, such as `intent`.
 * @returns what makes it of its values. @throws when one is missing.
 */
export function statement(what: string, sql: string): (values: SqlValues) => Query {
  const names = [...new Set([...sql.matchAll(PLACE)].map(([, name = ""]) => name))];
  const text = sql.replace(PLACE, (_, name: string) => `$${names.indexOf(name) + 1}`);
  prepare(what, text);
  return (given) => {
    const values = names.map((of) => {
      const value = given[of];
      if (value === undefined) throw new Error(`the statement ${what}: there is no value for :${of}`);
      return value;
    });
    return { text, values };
  };
}

/** For what is put together for one question, of which there are only a few texts: each can be prepared. */
export function prepared(what: string, query: Query): Query {
  prepare(what, query.text);
  return query;
}

/** With a digest of the text: two releases that share a pooler's connections must never run each other's. */
function prepare(what: string, text: string): void {
  if (NAMES.has(text)) return;
  NAMES.set(text, `${what}_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`);
}

/** Columns and their types in PostgreSQL. */
export type Columns = Readonly<Record<string, string>>;

/** SQL of the rows that `toRows` has written into the value `name`. Numbers stand in them as text, and so stay exact. */
export function rowsFrom(name: `:${string}`, columns: Columns): string {
  const list = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  return `jsonb_to_recordset(${name}::jsonb) AS asked (${list.join(", ")})`;
}

/** Rows as one value of a statement: its text is the same for any number of them. */
export function toRows(rows: readonly { readonly json: string }[]): string {
  return `[${rows.map(({ json }) => json).join(",")}]`;
}

/** Bytes as PostgreSQL reads them from text. */
export function bytea(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null;
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/** An amount as text, which PostgreSQL reads into NUMERIC exactly. */
export function text(amount: Decimal | null | undefined): string | null {
  return amount?.toFixed() ?? null;
}

/** A moment so many milliseconds from now, by the database's clock; NULL for null. */
export function fromNow(ms: string): string {
  return `(statement_timestamp() + ${ms}::float8 * interval '1 millisecond')`;
}
