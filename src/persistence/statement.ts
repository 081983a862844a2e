import { createHash } from "node:crypto";
import type { Decimal } from "../cancellation/model/decimal.js";
import type { Prisma } from "./generated/client.js";

/** What a driver can send. Amounts go as text, which PostgreSQL reads into NUMERIC exactly. */
export type SqlValue = string | number | boolean | null | Uint8Array | readonly string[];
export type SqlValues = Readonly<Record<string, SqlValue>>;

/** A statement with its values, to be run. What `Prisma.sql` makes is one too. */
export interface Query {
  /** By which a connection knows it; none for one that is made anew each time. */
  readonly name?: string;
  /** With `$1`, `$2` and so on for its values. */
  readonly text: string;
  readonly values: readonly unknown[];
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
  const name = nameOf(what, text);
  return (given) => {
    const values = names.map((of) => {
      const value = given[of];
      if (value === undefined) throw new Error(`the statement ${what}: there is no value for :${of}`);
      return value;
    });
    return { name, text, values };
  };
}

/** For what is put together for one question, of which there are only a few texts: each can be prepared. */
export function named(what: string, { text, values }: Prisma.Sql): Query {
  return { name: nameOf(what, text), text, values };
}

/** With a digest of the text: two releases that share a pooler's connections must never run each other's. */
function nameOf(what: string, text: string): string {
  return `${what}_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}

/** An amount as text, which PostgreSQL reads into NUMERIC exactly. */
export function text(amount: Decimal | null | undefined): string | null {
  return amount?.toFixed() ?? null;
}

/** A moment so many milliseconds from now, by the database's clock; NULL for null. */
export function fromNow(ms: `:${string}`): string {
  return `(clock_timestamp() + ${ms}::float8 * interval '1 millisecond')`;
}
