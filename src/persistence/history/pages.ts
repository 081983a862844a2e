import type { HistoryOrder } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import type { HistoryPage, HistoryWindow } from "../../cancellation/history/history.js";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import { type CancellationStatus, OPEN_STATUSES } from "../../cancellation/model/status.js";
import { CANCELLATION_COLUMNS, type CancellationRow, toCancellation } from "../cancellation-row.js";
import type { Database } from "../client.js";
import { Prisma } from "../generated/client.js";
import { prepared } from "../statement.js";
import {
  beyond,
  columnsOf,
  createdWithin,
  equalities,
  gatheredOrderBy,
  matchesItem,
  itemEqualities,
  HORIZON,
  matching,
  orderBy,
  rangesAcross,
  rangesInOrder,
  type Sort,
  sortOf,
  statusesOf,
} from "./conditions.js";

export async function readPage(
  database: Database,
  filter: CancellationFilter,
  window: HistoryWindow,
): Promise<HistoryPage> {
  if (filter.storeIds.length === 0) return { cancellations: [], hasMore: false };
  // One more than asked for tells whether there is more.
  const statement = pageStatement(filter, {
    ...window,
    limit: window.size + 1,
    upToHorizon: mayBeOvertaken(filter, window),
  });
  const rows = await database.rows<CancellationRow>(
    isPlain(filter) ? prepared("page", statement) : statement,
  );
  const cancellations = rows.slice(0, window.size).map((row): Cancellation => toCancellation(row));
  if (window.direction === "backward") cancellations.reverse();
  return { cancellations, hasMore: rows.length > window.size };
}

export async function existsFrom(
  database: Database,
  filter: CancellationFilter,
  window: Omit<HistoryWindow, "size">,
): Promise<boolean> {
  if (window.position === null || filter.storeIds.length === 0) return false;
  const statement = pageStatement(filter, { ...window, limit: 1, inclusive: true });
  const rows = await database.rows(statement);
  return rows.length > 0;
}

export async function countMatching(
  database: Database,
  filter: CancellationFilter,
  order: HistoryOrder,
): Promise<number> {
  const conditions = [...matching(filter, order), ...matchesItem(filter)];
  const [row] = await database.rows<{ count: number }>(
    Prisma.sql`
    SELECT count(*)::integer AS count FROM cancellation c WHERE ${Prisma.join(conditions, " AND ")}`,
  );
  return row?.count ?? 0;
}

/** Each connection keeps the plans of what is prepared; those of many stores are large. */
const MOST_STORES_PREPARED = 4;

/**
 * Without conditions, and of few stores, there are some tens of texts. With conditions there are thousands, and the best index depends on
 * their values.
 */
function isPlain({ storeIds, ...conditions }: CancellationFilter): boolean {
  return Object.keys(conditions).length === 0 && storeIds.length <= MOST_STORES_PREPARED;
}

/**
 * Whether rows that are being written could be missed: whoever reads upwards in time comes to them. Not those of one order, which are
 * committed one after the other, because its row is locked.
 */
function mayBeOvertaken({ orderNo }: CancellationFilter, window: HistoryWindow): boolean {
  const { field, upwards } = sortOf(window);
  return upwards && field !== "TOTAL_CANCEL_AMOUNT" && orderNo === undefined;
}

/** After so many rows in order, all that match are gathered and sorted instead. One in a hundred fills a page; it takes 2 ms. */
const LOOKED_AT = 2000;

export interface PageRequest extends Omit<HistoryWindow, "size"> {
  readonly limit: number;
  /** Includes a row at the position itself. */
  readonly inclusive?: boolean;
  /** Leaves out what was created, or resolved, after the moment up to which the history is complete. */
  readonly upToHorizon?: boolean;
}

/**
 * The next rows of a history in the direction of reading. For each store, and each named state, an index is read in order for as many
 * rows as are needed, and these are merged: the time is that of a page, however long the history. PostgreSQL chooses the index; tests
 * show that each condition has one.
 */
export function pageStatement(filter: CancellationFilter, request: PageRequest): Prisma.Sql {
  const sort = sortOf(request);
  const statuses = statusesOf(filter) ?? [null];
  const places = filter.storeIds.flatMap((storeId) => statuses.map((status) => placeOf(storeId, status)));
  if (statuses.length === 1 && isAlongIndex(filter, request, sort))
    return alongIndex(filter, request, sort, places);
  const ways = places.map((place) => Prisma.sql`(${wayTo(filter, request, sort, place)})`);
  return Prisma.sql`
    SELECT ${CANCELLATION_COLUMNS}
    FROM (
      SELECT * FROM (${Prisma.join(ways, " UNION ALL ")}) AS found
      ORDER BY ${orderBy(sort, "found")}
      LIMIT ${request.limit}
    ) AS page
    JOIN cancellation c ON c.store_id = page.store_id AND c.id = page.id
    ORDER BY ${orderBy(sort, "page")}`;
}

/** Cancellations `c` of one store, and perhaps in one state. */
function placeOf(storeId: string, status: CancellationStatus | null): Place {
  const ofStatus = status === null ? [] : [Prisma.sql`c.status = ${status}::cancellation_status`];
  return { storeId, conditions: [Prisma.sql`c.store_id = ${storeId}`, ...ofStatus] };
}

interface Place {
  readonly storeId: string;
  readonly conditions: readonly Prisma.Sql[];
}

/** In one state or in all, rows are read as they are found, which takes PostgreSQL half the time to plan. */
function alongIndex(
  filter: CancellationFilter,
  request: PageRequest,
  sort: Sort,
  places: readonly Place[],
): Prisma.Sql {
  const rowsOf = ({ conditions }: Place, columns: Prisma.Sql): Prisma.Sql => Prisma.sql`
      SELECT ${columns} FROM cancellation c
      WHERE ${all([...conditions, ...conditionsInOrder(filter, request, sort)])}
      ORDER BY ${orderBy(sort, "c")}
      LIMIT ${request.limit}`;
  const [only, ...others] = places;
  if (only !== undefined && others.length === 0) return rowsOf(only, CANCELLATION_COLUMNS);
  const ways = places.map((place) => Prisma.sql`(${rowsOf(place, Prisma.sql`c.*`)})`);
  return Prisma.sql`
    SELECT ${CANCELLATION_COLUMNS} FROM (${Prisma.join(ways, " UNION ALL ")}) AS c
    ORDER BY ${orderBy(sort, "c")}
    LIMIT ${request.limit}`;
}

function isAlongIndex(filter: CancellationFilter, { order }: PageRequest, sort: Sort): boolean {
  return (
    filter.itemId === undefined &&
    rangesAcross(filter, order).length === 0 &&
    sort.field !== "TOTAL_CANCEL_AMOUNT"
  );
}

function conditionsInOrder(filter: CancellationFilter, request: PageRequest, sort: Sort): Prisma.Sql[] {
  return [
    ...equalities(filter),
    ...(filter.itemId === undefined ? matchesItem(filter) : []),
    ...rangesInOrder(filter, request.order),
    ...before(request),
    ...beyond(sort, request.position, request),
  ];
}

/** Rows of one store, in order. */
function wayTo(filter: CancellationFilter, request: PageRequest, sort: Sort, place: Place): Prisma.Sql {
  const across = rangesAcross(filter, request.order);
  const inOrder = [...place.conditions, ...conditionsInOrder(filter, request, sort)];
  const hasItem = filter.itemId !== undefined;
  if (across.length > 0 || (hasItem && sort.field !== "CREATED_AT")) {
    return gathered(filter, inOrder, across, sort, request.limit, place);
  }
  if (hasItem && !isNarrow(filter)) return byItem(filter, inOrder, request, sort, place);
  return Prisma.sql`
    SELECT c.store_id, ${columnsOf(sort, "c")} FROM cancellation c
    WHERE ${all([...inOrder, ...matchesItem(filter, "one by one", Prisma.sql`${place.storeId}`)])}
    ORDER BY ${orderBy(sort, "c")}
    LIMIT ${request.limit}`;
}

/** Looks at the next rows in order until a page is full. If these do not settle it, gathers all that match. */
function gathered(
  filter: CancellationFilter,
  inOrder: readonly Prisma.Sql[],
  across: readonly Prisma.Sql[],
  sort: Sort,
  limit: number,
  { storeId }: Place,
): Prisma.Sql {
  const columns = columnsOf(sort, "c");
  const next = (what: Prisma.Sql): Prisma.Sql => Prisma.sql`
      SELECT ${what} FROM cancellation c
      WHERE ${all(inOrder)}
      ORDER BY ${orderBy(sort, "c")}
      LIMIT ${LOOKED_AT}`;
  const fits = all([...across, ...matchesItem(filter, "one by one", Prisma.sql`${storeId}`)]);
  return Prisma.sql`
    WITH near AS MATERIALIZED (
      SELECT c.store_id, ${columns} FROM (${next(Prisma.sql`c.*`)}) AS c
      WHERE ${fits}
      LIMIT ${limit}
    ), settled AS MATERIALIZED (
      SELECT (SELECT count(*) FROM near) >= ${limit}
        -- Query only if the page is not full: whether there are no more to be looked at.
        OR (SELECT count(*) FROM (${next(Prisma.sql`c.id`)}) AS seen) < ${LOOKED_AT} AS yes
    )
    (
      SELECT c.store_id, ${columns} FROM near c WHERE (SELECT yes FROM settled)
    ) UNION ALL (
      SELECT c.store_id, ${columns} FROM cancellation c
      WHERE NOT (SELECT yes FROM settled) AND ${all([...inOrder, ...across, ...matchesItem(filter)])}
      ORDER BY ${gatheredOrderBy(sort)}
      LIMIT ${limit}
    )`;
}

/** In the order of creation, which items share with their cancellation. A cancellation may have several such lines. */
function byItem(
  filter: CancellationFilter,
  inOrder: readonly Prisma.Sql[],
  request: PageRequest,
  sort: Sort,
  { storeId }: Place,
): Prisma.Sql {
  const direction = Prisma.raw(sort.upwards ? "ASC" : "DESC");
  const ofItem = [
    Prisma.sql`item.store_id = ${storeId}`,
    ...itemEqualities(filter),
    ...createdWithin(filter, Prisma.sql`item.created_at`),
    ...beyondItem(request, sort),
  ];
  return Prisma.sql`
    SELECT c.store_id, c.created_at, c.id
    FROM (
      SELECT DISTINCT item.created_at, item.cancellation_id FROM cancellation_item item
      WHERE ${all(ofItem)}
      ORDER BY item.created_at ${direction}, item.cancellation_id ${direction}
    ) AS item
    JOIN cancellation c ON c.store_id = ${storeId} AND c.id = item.cancellation_id
    WHERE ${all(inOrder)}
    ORDER BY item.created_at ${direction}, item.cancellation_id ${direction}
    LIMIT ${request.limit}`;
}

function beyondItem({ position, inclusive = false }: PageRequest, { upwards }: Sort): Prisma.Sql[] {
  if (position === null) return [];
  const comparison = Prisma.raw(`${upwards ? ">" : "<"}${inclusive ? "=" : ""}`);
  const { createdAt, id } = position;
  return [
    Prisma.sql`(item.created_at, item.cancellation_id) ${comparison} (${createdAt}::timestamptz, ${id}::uuid)`,
  ];
}

/** Whether so few remain that their items are best looked at one by one. */
function isNarrow(filter: CancellationFilter): boolean {
  const { orderNo, idempotencyKey, returnRequestId, hasDiscrepancies } = filter;
  const isOfFew = [orderNo, idempotencyKey, returnRequestId].some((value) => value !== undefined);
  const onlyOpen =
    statusesOf(filter)?.every((status) => OPEN_STATUSES.some((open) => open === status)) ?? false;
  return isOfFew || onlyOpen || hasDiscrepancies === true;
}

function before({ upToHorizon = false, order }: PageRequest): Prisma.Sql[] {
  if (!upToHorizon) return [];
  const column = Prisma.raw(order.field === "RESOLVED_AT" ? "c.resolved_at" : "c.created_at");
  return [Prisma.sql`${column} < ${HORIZON}`];
}

function all(conditions: readonly Prisma.Sql[]): Prisma.Sql {
  return Prisma.join([...conditions], " AND ");
}
