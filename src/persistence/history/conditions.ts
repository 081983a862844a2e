import type { HistoryOrder, HistoryOrderField, HistoryPosition } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import type { HistoryWindow } from "../../cancellation/history/history.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { CancellationStatus } from "../../cancellation/model/status.js";
import { TYPE_COLUMNS } from "../cancellation-row.js";
import { Prisma } from "../generated/client.js";
import { CANCEL_MS } from "../session.js";

/** Conditions on a cancellation `c`, without its stores and states, which the statement adds. */
type Conditions = readonly Prisma.Sql[];

/** The states to look in; null for all. */
export function statusesOf(filter: CancellationFilter): readonly CancellationStatus[] | null {
  return filter.statuses ?? null;
}

/** Every condition on a cancellation `c`, with its stores and states, and that it has a place in the order. */
export function matching(filter: CancellationFilter, order: HistoryOrder): Prisma.Sql[] {
  const statuses = statusesOf(filter);
  return [
    Prisma.sql`c.store_id = ANY(${[...filter.storeIds]}::text[])`,
    ...(statuses === null ? [] : [Prisma.sql`c.status = ANY(${[...statuses]}::cancellation_status[])`]),
    ...equalities(filter),
    ...rangesInOrder(filter, order),
    ...rangesAcross(filter, order),
  ];
}

/** Conditions that the functions below state: on stores, statuses, lines, and ranges. */
type StatedElsewhere =
  | ("storeIds" | "statuses" | "orderNoPrefix" | "itemId" | "itemType" | "amountFrom" | "amountTo")
  | ("createdFrom" | "createdBefore" | "resolvedFrom" | "resolvedBefore");
type Equality = Exclude<keyof CancellationFilter, StatedElsewhere>;

/** Every other condition. One that is forgotten here does not compile. */
const EQUALITIES: {
  readonly [Name in Equality]: (value: NonNullable<CancellationFilter[Name]>) => Prisma.Sql;
} = {
  orderNo: (orderNo) => Prisma.sql`c.order_no = ${orderNo}`,
  idempotencyKey: (key) => Prisma.sql`c.idempotency_key = ${key}`,
  returnRequestId: (id) => Prisma.sql`c.return_request_id = ${id}`,
  requestId: (id) => Prisma.sql`c.ebp_request_id = ${id}`,
  settlement: (settlement) => Prisma.sql`c.settlement = ${settlement}::settlement`,
  resolvedBy: (resolvedBy) => Prisma.sql`c.resolved_by = ${resolvedBy}::resolved_by`,
  reason: (reason) => Prisma.sql`c.reason = ${reason}`,
  requestedBy: (subject) => Prisma.sql`c.requested_by = ${subject}`,
  // What has a failure is one or the other: by that, PostgreSQL finds the index.
  failureCode: (code) => Prisma.sql`c.failure_code = ${code} AND c.status IN ('FAILED', 'UNKNOWN')`,
  hasDiscrepancies: (some) =>
    some ? Prisma.sql`c.discrepancies <> '[]'` : Prisma.sql`c.discrepancies = '[]'`,
  inDoubtLongerThanSeconds: (seconds) =>
    Prisma.sql`c.status = 'UNKNOWN' AND c.in_doubt_since < statement_timestamp() - ${seconds}::float8 * interval '1 second'`,
};

/** Conditions with an index in the order of creation, or that few cancellations meet. */
export function equalities(filter: CancellationFilter): Conditions {
  return (Object.keys(EQUALITIES) as Equality[]).flatMap((name) => {
    const value = filter[name];
    // The value is of the type that the condition of this name takes.
    const condition = EQUALITIES[name] as (value: unknown) => Prisma.Sql;
    return value === undefined ? [] : [condition(value)];
  });
}

/** Ranges of the sort key, where a scan of its index can begin and end. */
export function rangesInOrder(filter: CancellationFilter, { field }: HistoryOrder): Conditions {
  const { createdFrom, resolvedBefore } = filter;
  if (field === "TOTAL_CANCEL_AMOUNT") return amounts(filter);
  // Nothing is resolved before it is created, so a bound of one is a bound of the other.
  if (field === "RESOLVED_AT") {
    const implied = when(createdFrom, (from) => Prisma.sql`c.resolved_at >= ${from}::timestamptz`);
    return [Prisma.sql`c.resolved_at IS NOT NULL`, ...resolution(filter), ...implied];
  }
  return [
    ...creation(filter),
    ...when(resolvedBefore, (end) => Prisma.sql`c.created_at < ${end}::timestamptz`),
  ];
}

/** Other ranges: their rows lie scattered in the order, or all at its far end. */
export function rangesAcross(filter: CancellationFilter, { field }: HistoryOrder): Conditions {
  return [
    ...when(filter.orderNoPrefix, (prefix) => Prisma.sql`c.order_no LIKE ${`${escaped(prefix)}%`}`),
    ...(field === "CREATED_AT" ? [] : creation(filter)),
    ...(field === "RESOLVED_AT" ? [] : resolution(filter)),
    ...(field === "TOTAL_CANCEL_AMOUNT" ? [] : amounts(filter)),
  ];
}

/**
 * Conditions on a line.
 * @param how `any`: PostgreSQL chooses. `one by one`: for a few rows that come in order, it looks at the lines of each. It would rather
 * gather all lines.
 * @param storeId of the cancellations, where they are all of one store.
 */
export function matchesItem(
  filter: CancellationFilter,
  how: "any" | "one by one" = "any",
  storeId: Prisma.Sql = Prisma.sql`c.store_id`,
): Conditions {
  const { itemId, itemType } = filter;
  // The cancellation itself shows whether it has a kind of item.
  const column = TYPE_COLUMNS.find(({ type }) => type === itemType);
  if (itemId === undefined) return column === undefined ? [] : [Prisma.raw(`c.${column.amount} IS NOT NULL`)];
  const conditions = Prisma.join(itemEqualities(filter), " AND ");
  return [
    Prisma.sql`EXISTS (
      SELECT FROM cancellation_item item
      WHERE item.store_id = ${storeId} AND item.cancellation_id = c.id AND ${conditions}
      ${how === "any" ? Prisma.empty : ONE_BY_ONE}
    )`,
  ];
}

/** Has no effect but to keep a subquery from becoming a join. */
const ONE_BY_ONE = Prisma.sql`OFFSET 0`;

/** On a line `item`. */
export function itemEqualities({ itemId, itemType }: CancellationFilter): Prisma.Sql[] {
  return [
    ...when(itemId, (id) => Prisma.sql`item.item_id = ${id}`),
    ...when(itemType, (type) => Prisma.sql`item.item_type = ${type}::item_type`),
  ];
}

/** On any column with the moment of creation. */
export function createdWithin(
  { createdFrom, createdBefore }: CancellationFilter,
  column: Prisma.Sql,
): Prisma.Sql[] {
  return [
    ...when(createdFrom, (from) => Prisma.sql`${column} >= ${from}::timestamptz`),
    ...when(createdBefore, (end) => Prisma.sql`${column} < ${end}::timestamptz`),
  ];
}

function creation(filter: CancellationFilter): Conditions {
  return createdWithin(filter, Prisma.sql`c.created_at`);
}

function resolution({ resolvedFrom, resolvedBefore }: CancellationFilter): Conditions {
  return [
    ...when(resolvedFrom, (from) => Prisma.sql`c.resolved_at >= ${from}::timestamptz`),
    ...when(resolvedBefore, (end) => Prisma.sql`c.resolved_at < ${end}::timestamptz`),
  ];
}

function amounts({ amountFrom, amountTo }: CancellationFilter): Conditions {
  return [
    ...when(amountFrom, (from) => Prisma.sql`c.total_cancel_amount >= ${from.toFixed()}::numeric`),
    ...when(amountTo, (to) => Prisma.sql`c.total_cancel_amount <= ${to.toFixed()}::numeric`),
  ];
}

function when<T>(value: T | undefined, condition: (value: T) => Prisma.Sql): Prisma.Sql[] {
  return value === undefined ? [] : [condition(value)];
}

function escaped(text: string): string {
  return text.replace(/[\\%_]/gu, "\\$&");
}

/** How rows are read: in an order, up or down. Each has an index, after the store. */
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

/** With the names of `table`. */
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
 * The same order, stated so that no index matches: all rows are gathered and sorted. For conditions whose rows may lie at the far end
 * of an order, where an index scan would pass everything else first.
 */
export function gatheredOrderBy(sort: Sort): Prisma.Sql {
  const [first, ...rest] = COLUMNS[sort.field].map((column) => `c.${column}`);
  const nothing = sort.field === "TOTAL_CANCEL_AMOUNT" ? "0" : "interval '0'";
  return ordered(sort, [`(${first ?? ""} + ${nothing})`, ...rest]);
}

function ordered({ upwards }: Sort, expressions: readonly string[]): Prisma.Sql {
  return Prisma.raw(expressions.map((expression) => `${expression} ${upwards ? "ASC" : "DESC"}`).join(", "));
}

/** Cancellations `c` beyond a position, or also at it: a comparison of rows, where an index scan can begin. */
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

/** A transaction that ends with its statement has this time to commit; the others are given less than CANCEL_MS altogether. */
const COMMIT_MS = 2_000;

/**
 * SQL of the moment up to which the history is complete. A row takes its moment when its statement begins, and is visible once that has
 * committed. So a later row may become visible first, and whoever reads on behind it would never see the earlier one. No statement that
 * writes a moment runs for longer than CANCEL_MS.
 */
export const HORIZON = Prisma.raw(
  `(statement_timestamp() - interval '${CANCEL_MS + COMMIT_MS} milliseconds')`,
);
