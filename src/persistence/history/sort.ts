import { Decimal } from "../../cancellation/model/decimal.js";
import type { HistoryOrderField, HistoryPosition } from "../../cancellation/history/cursors.js";
import type { HistoryWindow } from "../../cancellation/history/history.js";
import { Prisma } from "../generated/client.js";

/** How rows are read: in an order, up or down. An index has each of these behind the store. */
export interface Sort {
  readonly field: HistoryOrderField;
  readonly upwards: boolean;
}

const COLUMNS: Readonly<Record<HistoryOrderField, readonly string[]>> = {
  CREATED_AT: ["created_at", "id"],
  RESOLVED_AT: ["resolved_at", "created_at", "id"],
  TOTAL_CANCEL_AMOUNT: ["total_cancel_amount", "created_at", "id"],
};

/** Backward pages are read from their end. */
export function sortOf({ order, direction }: Pick<HistoryWindow, "order" | "direction">): Sort {
  return { field: order.field, upwards: (order.direction === "ASC") === (direction === "forward") };
}

/** Of `table`, which has the columns by these names. */
export function columnsOf({ field }: Sort, table: string): Prisma.Sql {
  return Prisma.raw(COLUMNS[field].map((column) => `${table}.${column}`).join(", "));
}

export function orderBy(sort: Sort, table: string): Prisma.Sql {
  return ordered(
    sort,
    COLUMNS[sort.field].map((column) => `${table}.${column}`),
  );
}

/**
 * The same order, said so that no index has it: all rows are gathered by what finds them, and sorted. For conditions whose rows
 * lie all at the far end of an order, where reading in that order would pass everything else first.
 */
export function gatheredOrderBy(sort: Sort): Prisma.Sql {
  const [first, ...rest] = COLUMNS[sort.field].map((column) => `c.${column}`);
  const nothing = sort.field === "TOTAL_CANCEL_AMOUNT" ? "0" : "interval '0'";
  return ordered(sort, [`(${first ?? ""} + ${nothing})`, ...rest]);
}

function ordered({ upwards }: Sort, expressions: readonly string[]): Prisma.Sql {
  return Prisma.raw(expressions.map((expression) => `${expression} ${upwards ? "ASC" : "DESC"}`).join(", "));
}

/** Cancellations `c` strictly beyond a position, or also at it: a comparison of rows, which an index in this order begins with. */
export function beyond(
  { field, upwards }: Sort,
  position: HistoryPosition | null,
  { inclusive = false }: { readonly inclusive?: boolean } = {},
): Prisma.Sql[] {
  if (position === null) return [];
  const { key, createdAt, id } = position;
  const comparison = Prisma.raw(`${upwards ? ">" : "<"}${inclusive ? "=" : ""}`);
  const first = Decimal.isDecimal(key)
    ? [Prisma.sql`${key.toFixed()}::numeric`]
    : [Prisma.sql`${key}::timestamptz`];
  const place = Prisma.join([
    ...(field === "CREATED_AT" ? [] : first),
    Prisma.sql`${createdAt}::timestamptz`,
    Prisma.sql`${id}::uuid`,
  ]);
  return [Prisma.sql`(${columnsOf({ field, upwards }, "c")}) ${comparison} (${place})`];
}
