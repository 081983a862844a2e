import { createHash } from "node:crypto";
import type { Decimal } from "../cancellation/model/decimal.js";
import { Prisma } from "./generated/client.js";

/** What a driver can send. Amounts go as text, which PostgreSQL reads into NUMERIC exactly. */
export type SqlValue = string | number | boolean | null | Uint8Array | readonly string[];
export type SqlValues = Readonly<Record<string, SqlValue>>;

/** A statement with its values, to be run. */
export interface Query {
  /** By which a connection knows it; null for one that is made anew each time. */
  readonly name: string | null;
  /** With `$1`, `$2` and so on for its values. */
  readonly text: string;
  readonly values: readonly unknown[];
  /** The same for Prisma. */
  readonly toSql: () => Prisma.Sql;
}

/** What is put together for one question, of which there are only a few texts: each can be prepared. */
export function named(what: string, sql: Prisma.Sql): Query {
  return { ...unnamed(sql), name: nameOf(what, sql.text) };
}

/** What is put together for one question. */
export function unnamed(sql: Prisma.Sql): Query {
  return { name: null, text: sql.text, values: sql.values, toSql: () => sql };
}

/** `:name`, and not the type after `::`. */
const PLACE = /(?<![:\w]):([a-z]\w*)/giu;

/**
 * A statement whose text never changes: `:name` stands for the value of that name, as often as it is needed. The text is made
 * once, so that a cancel makes its values only, and PostgreSQL can prepare it.
 * @param what what it is, such as `intent`.
 * @returns what makes it of its values. @throws when one is missing.
 */
export function statement(what: string, sql: string): (values: SqlValues) => Query {
  const places = [...sql.matchAll(PLACE)].map(([, name = ""]) => name);
  const names = [...new Set(places)];
  const text = sql.replace(PLACE, (_, name: string) => `$${names.indexOf(name) + 1}`);
  const name = nameOf(what, text);
  const parts = sql.split(PLACE).filter((_, index) => index % 2 === 0);
  return (given) => {
    const valueOf = (of: string): SqlValue => {
      const value = given[of];
      if (value === undefined) throw new Error(`the statement ${what}: there is no value for :${of}`);
      return value;
    };
    return {
      name,
      text,
      values: names.map(valueOf),
      toSql: () => Prisma.sql(parts, ...places.map(valueOf)),
    };
  };
}

const names = new Map<string, string>();

/** With a digest of the text: two releases that share a pooler's connections must never run each other's. */
function nameOf(what: string, text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `${what}_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
    names.set(text, name);
  }
  return name;
}

/** An amount as text, which PostgreSQL reads into NUMERIC exactly. */
export function text(amount: Decimal | null | undefined): string | null {
  return amount?.toFixed() ?? null;
}

/** A moment so many milliseconds from now, by the database's clock; NULL for null. */
export function fromNow(ms: `:${string}`): string {
  return `(clock_timestamp() + ${ms}::float8 * interval '1 millisecond')`;
}
