import type { HistoryOrder, HistoryOrderField, HistoryPosition } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import type { HistoryWindow } from "../../cancellation/history/history.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { CancellationStatus } from "../../cancellation/model/status.js";
import type { Database } from "../client.js";
import { Prisma } from "../generated/client.js";

/** Of a cancellation `c`. Each is true or false of a row by itself; the stores and states are left to the statement. */
type Conditions = readonly Prisma.Sql[];

/** The states that have to be looked in; null for all. */
export function statusesOf(filter: CancellationFilter): readonly CancellationStatus[] | null {
  return filter.statuses ?? null;
}

/** All that a cancellation `c` has to meet, of whatever store and state, and to have a place in the order. */
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
  failureCode: (code) => Prisma.sql`c.failure_code = ${code}`,
  hasDiscrepancies: (some) =>
    some ? Prisma.sql`c.discrepancies <> '[]'` : Prisma.sql`c.discrepancies = '[]'`,
  inDoubtLongerThanSeconds: (seconds) =>
    Prisma.sql`c.status = 'UNKNOWN' AND c.in_doubt_since < statement_timestamp() - ${seconds}::float8 * interval '1 second'`,
};

/** Conditions that an index has in the order of creation, or that few cancellations meet. */
export function equalities(filter: CancellationFilter): Conditions {
  return (Object.keys(EQUALITIES) as Equality[]).flatMap((name) => {
    const value = filter[name];
    // The value is of the type that the condition of this name takes.
    const condition = EQUALITIES[name] as (value: unknown) => Prisma.Sql;
    return value === undefined ? [] : [condition(value)];
  });
}

/** Ranges of what is ordered by, which an index in that order can begin and end with. */
export function rangesInOrder(filter: CancellationFilter, { field }: HistoryOrder): Conditions {
  const { createdFrom, resolvedBefore } = filter;
  if (field === "TOTAL_CANCEL_AMOUNT") return amounts(filter);
  // What is decided was asked for before. So a bound of the one is a bound of the other, and tells where in the order to begin.
  if (field === "RESOLVED_AT") {
    const implied = when(createdFrom, (from) => Prisma.sql`c.resolved_at >= ${from}::timestamptz`);
    return [Prisma.sql`c.resolved_at IS NOT NULL`, ...resolution(filter), ...implied];
  }
  return [
    ...creation(filter),
    ...when(resolvedBefore, (end) => Prisma.sql`c.created_at < ${end}::timestamptz`),
  ];
}

/** Ranges of anything else: what meets them lies scattered in the order, or all at its far end. */
export function rangesAcross(filter: CancellationFilter, { field }: HistoryOrder): Conditions {
  return [
    ...when(filter.orderNoPrefix, (prefix) => Prisma.sql`c.order_no LIKE ${`${escaped(prefix)}%`}`),
    ...(field === "CREATED_AT" ? [] : creation(filter)),
    ...(field === "RESOLVED_AT" ? [] : resolution(filter)),
    ...(field === "TOTAL_CANCEL_AMOUNT" ? [] : amounts(filter)),
  ];
}

/**
 * A line that meets what is asked of lines.
 * @param how `any`: PostgreSQL finds out how. `one by one`: the lines of each row are looked at, for a few rows that come in order; it
 * would rather gather all lines there are.
 */
export function matchesItem(filter: CancellationFilter, how: "any" | "one by one" = "any"): Conditions {
  if (!hasItemCondition(filter)) return [];
  const conditions = Prisma.join(itemEqualities(filter), " AND ");
  return [
    Prisma.sql`EXISTS (
      SELECT FROM cancellation_item item
      WHERE item.store_id = c.store_id AND item.cancellation_id = c.id AND ${conditions}
      ${how === "any" ? Prisma.empty : ONE_BY_ONE}
    )`,
  ];
}

/** Says nothing, and keeps a subquery from being made a join. */
const ONE_BY_ONE = Prisma.sql`OFFSET 0`;

export function hasItemCondition({ itemId, itemType }: CancellationFilter): boolean {
  return itemId !== undefined || itemType !== undefined;
}

/** Of a line `item`. */
export function itemEqualities({ itemId, itemType }: CancellationFilter): Prisma.Sql[] {
  return [
    ...when(itemId, (id) => Prisma.sql`item.item_id = ${id}`),
    ...when(itemType, (type) => Prisma.sql`item.item_type = ${type}::item_type`),
  ];
}

/** Of any moment `column`, for what has the same moments as cancellations have. */
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

/** A moment is stored to the millisecond, and so perhaps a little before it was. */
const ROUNDING = "1 millisecond";

/**
 * The moment up to which the history is complete: nothing that is being written will be of an earlier one. A row's moment is read
 * while its transaction runs, and the row is seen once that is committed; so one that comes later may be seen before it, and whoever
 * reads on behind that one would never see this one. A row's transaction has its id before the moment is read.
 *
 * To be asked before, and in another statement than, what is read up to it: a transaction that ends in between is then seen. It sees the
 * transactions of its own database role, as everybody may; all replicas write with the same.
 */
export async function readHorizon(database: Database): Promise<Date> {
  return horizonOf(await database.rows(HORIZON));
}

/** For whoever asks by other means. */
export const HORIZON = Prisma.sql`
  SELECT (least(statement_timestamp(), min(xact_start)) - ${ROUNDING}::interval) AS horizon
  FROM pg_stat_activity
  WHERE datname = current_database() AND backend_xid IS NOT NULL`;

export function horizonOf([row]: readonly { readonly horizon: Date }[]): Date {
  if (row === undefined) throw new Error("asking up to when the history is complete: no answer");
  return row.horizon;
}
