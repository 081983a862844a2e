import pg from "pg";
import type {
  ExportedCancellation,
  ExportRequest,
  OpenExport,
  RunningExport,
} from "../../cancellation/history/history.js";
import {
  CANCELLATION_COLUMNS,
  type CancellationRow,
  type ItemRow,
  toCancellation,
  toItem,
} from "../cancellation-row.js";
import { Prisma } from "../generated/client.js";
import { CONNECT_MS, endInTime } from "../pool-queue.js";
import { SessionClient, sessionConfig } from "../session.js";
import {
  beyond,
  equalities,
  HORIZON,
  horizonOf,
  matchesItem,
  orderBy,
  rangesAcross,
  rangesInOrder,
  sortOf,
  statusesOf,
} from "./conditions.js";

/**
 * A few hundred kilobytes mostly: fewer would be more ways to the database and back. A cancellation may have 500 items: so many of the
 * largest are some 40 MB while they are written out.
 */
export const ROWS_AT_ONCE = 50;
/**
 * The first rows of a filter that hardly anything meets may take a while. It ends before a client is taken for gone that has received
 * nothing meanwhile.
 */
const READ_MS = 45_000;
/** The service gives up on a client that reads nothing before this; it is for a service that is stopped or cut off itself. */
const IDLE_MS = 90_000;

/** Somewhat later than the database's own limit: only a connection that is dead meets it. */
const PATIENCE = { query_timeout: READ_MS + CONNECT_MS };

/**
 * The settings end with the transaction. PostgreSQL looks for its client every second: it would otherwise go on for READ_MS for one
 * that has gone, while the place of that export is another's already. It can look on Linux, and refuses the setting where it cannot.
 */
const BEGIN = `
  BEGIN TRANSACTION READ ONLY;
  SELECT set_config('client_connection_check_interval', '1s', true) WHERE version() LIKE '%linux%';
  SET LOCAL statement_timeout = ${READ_MS};
  SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`;

/** pg leaves NUMERIC as its text, and the items have theirs so: a number would be rounded. */
interface ExportRow extends CancellationRow {
  /** Where they were asked for. */
  readonly items?: readonly ItemRow[];
}

/**
 * Reads by a cursor of the database, on a connection of its own for each export: one that is read slowly holds nobody else up. DECLARE
 * tells PostgreSQL that it is read bit by bit. The portal that pg-cursor opens is planned as if all were wanted at once, and sorted.
 */
export function createExports(databaseUrl: string): OpenExport {
  return async (request, signal) => {
    signal?.throwIfAborted();
    const client = new SessionClient({
      ...sessionConfig(databaseUrl),
      connectionTimeoutMillis: CONNECT_MS,
    });
    const exporting = running(client, request);
    signal?.addEventListener("abort", () => void exporting.close(), { once: true });
    try {
      await client.connect();
      if (request.filter.storeIds.length > 0) await declare(client, request);
    } catch (error) {
      await exporting.close();
      throw error;
    }
    return exporting;
  };
}

async function declare(client: pg.Client, request: ExportRequest): Promise<void> {
  const horizon = request.direction === "ASC" ? await readHorizonBy(client) : null;
  await client.query({ text: BEGIN, ...PATIENCE });
  const { text, values } = exportStatement(request, horizon);
  await client.query({ text: `DECLARE export NO SCROLL CURSOR FOR ${text}`, values, ...PATIENCE });
}

async function readHorizonBy(client: pg.Client): Promise<Date> {
  const { text, values } = HORIZON;
  return horizonOf((await client.query<{ horizon: Date }>({ text, values, ...PATIENCE })).rows);
}

function running(client: pg.Client, { filter }: ExportRequest): RunningExport {
  const text = `FETCH ${ROWS_AT_ONCE} FROM export`;
  let isFirst = true;
  let closing: Promise<void> | null = null;
  return {
    async read(take) {
      if (filter.storeIds.length === 0) return 0;
      // Later ones have the patience of the client: for one that receives nothing, the export is closed.
      const patience = isFirst ? PATIENCE : {};
      isFirst = false;
      return eachRow(client, { text, ...patience }, (row) => take(toExported(row)));
    },
    // With a query under way pg cuts the connection; PostgreSQL ends what it was at.
    close: () => (closing ??= endInTime(client.end())),
  };
}

/**
 * Row by row, and none is kept. Gathered in the answer of a query and passed on by promises, they outlived it until the whole heap
 * was cleared up: 200 000 rows took 150 MB, and so a million take less than 50.
 */
function eachRow(client: pg.Client, config: pg.QueryConfig, take: (row: ExportRow) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let fault: Error | null = null;
    const query = new pg.Query<ExportRow>(config);
    query.on("row", (row) => {
      count += 1;
      try {
        if (fault === null) take(row);
      } catch (error) {
        // Thrown in here it would end the process.
        fault = error as Error;
      }
    });
    query.once("error", reject);
    query.once("end", () => {
      if (fault === null) resolve(count);
      else reject(fault);
    });
    client.query(query);
  });
}

function toExported(row: ExportRow): ExportedCancellation {
  return {
    cancellation: toCancellation(row),
    items: row.items?.map(toItem) ?? null,
  };
}

/** As text, what is not whole: a number of JSON would be rounded on its way. */
const ITEMS = Prisma.sql`(
  SELECT coalesce(json_agg(json_build_object(
    'seq', item.seq, 'itemType', item.item_type, 'itemId', item.item_id, 'quantity', item.quantity,
    'amount', item.amount::text, 'taxAmount', item.tax_amount::text, 'lineTotal', item.line_total::text,
    'confirmedQuantity', item.confirmed_quantity, 'confirmedAmount', item.confirmed_amount::text,
    'confirmedTaxAmount', item.confirmed_tax_amount::text
  ) ORDER BY item.seq), '[]')
  FROM cancellation_item item
  WHERE item.store_id = c.store_id AND item.cancellation_id = c.id
) AS items`;

/**
 * No limit, as PostgreSQL finds out only when it begins: it plans for a tenth of the rows, and takes an index that has them in order.
 * Told that all are wanted, it may well find it cheaper to gather and sort a million.
 */
const UNKNOWN_LIMIT = Prisma.sql`(SELECT NULL::bigint)`;

/**
 * Everything that meets the conditions, in order. Each store, and each state where some are named, is read by an index in that order,
 * and these are merged as they come: nothing is sorted as a whole, whatever there is. Which index that is, is left to PostgreSQL.
 */
export function exportStatement(request: ExportRequest, horizon: Date | null): Prisma.Sql {
  const { filter, direction, limit, withItems } = request;
  const order = { field: "CREATED_AT", direction } as const;
  const sort = sortOf({ order, direction: "forward" });
  const conditions = [
    ...equalities(filter),
    ...rangesInOrder(filter, order),
    ...rangesAcross(filter, order),
    ...matchesItem(filter),
    ...(horizon === null ? [] : [Prisma.sql`c.created_at < ${horizon}::timestamptz`]),
    ...beyond(sort, request.after),
  ];
  const ways = filter.storeIds.flatMap((storeId) =>
    (statusesOf(filter) ?? [null]).map((status) => {
      const ofStatus = status === null ? [] : [Prisma.sql`c.status = ${status}::cancellation_status`];
      const all = Prisma.join([Prisma.sql`c.store_id = ${storeId}`, ...ofStatus, ...conditions], " AND ");
      return Prisma.sql`(SELECT c.* FROM cancellation c WHERE ${all} ORDER BY ${orderBy(sort, "c")} LIMIT ${UNKNOWN_LIMIT})`;
    }),
  );
  const columns = withItems ? Prisma.sql`${CANCELLATION_COLUMNS}, ${ITEMS}` : CANCELLATION_COLUMNS;
  return Prisma.sql`
    SELECT ${columns} FROM (${Prisma.join(ways, " UNION ALL ")}) AS c
    ORDER BY ${orderBy(sort, "c")}
    ${limit === null ? Prisma.empty : Prisma.sql`LIMIT ${limit}`}`;
}
