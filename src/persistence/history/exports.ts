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
import { CONNECT_MS, endInTime, SessionClient, sessionConfig } from "../session.js";
import {
  beyond,
  equalities,
  HORIZON,
  matchesItem,
  orderBy,
  rangesAcross,
  rangesInOrder,
  sortOf,
  statusesOf,
} from "./conditions.js";

/** Mostly a few hundred kilobytes. With 500 items each, the largest, about 40 MB while they are written out. */
export const ROWS_AT_ONCE = 50;
/** The first rows of a selective filter may take a while. Ends before a client that received nothing counts as gone. */
const READ_MS = 45_000;
/** For a service that is stopped or cut off. A client that reads nothing is given up before. */
const IDLE_MS = 90_000;

/** Later than the database's own limit: only a dead connection meets it. */
const PATIENCE = { query_timeout: READ_MS + CONNECT_MS };

/**
 * The settings end with the transaction. Without sorting, each store is read by an index in order, and the first rows come at once.
 * PostgreSQL checks its client every second: for a client that has gone it would otherwise go on for READ_MS, while another export has its place. Only on Linux; elsewhere PostgreSQL refuses the setting.
 */
const BEGIN = `
  BEGIN TRANSACTION READ ONLY;
  SELECT set_config('client_connection_check_interval', '1s', true) WHERE version() LIKE '%linux%';
  SET LOCAL statement_timeout = ${READ_MS};
  SET LOCAL enable_sort = off;
  SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`;

/** NUMERIC comes as text: a number would be rounded. */
interface ExportRow extends CancellationRow {
  /** Where they were asked for. */
  readonly items?: readonly ItemRow[];
}

/**
 * Reads by a cursor of the database, on a connection per export: a slow reader holds nobody else up. After DECLARE, PostgreSQL plans for
 * reading bit by bit. The portal of pg-cursor would be planned as if all rows were wanted at once, and sorted.
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
  await client.query({ text: BEGIN, ...PATIENCE });
  const { text, values } = exportStatement(request);
  await client.query({ text: `DECLARE export NO SCROLL CURSOR FOR ${text}`, values, ...PATIENCE });
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

/** Row by row, and none is kept: a million rows take less than 50 MB. Gathered in answers of queries, 200 000 took 150 MB. */
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

/** Amounts as text: a JSON number would be rounded. */
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

/** All that match, in order. Each store, and each named state, is read by an index in that order, and these are merged as they come. */
export function exportStatement(request: ExportRequest): Prisma.Sql {
  const { filter, direction, limit, withItems } = request;
  const order = { field: "CREATED_AT", direction } as const;
  const sort = sortOf({ order, direction: "forward" });
  const conditions = [
    ...equalities(filter),
    ...rangesInOrder(filter, order),
    ...rangesAcross(filter, order),
    ...matchesItem(filter),
    ...(direction === "ASC" ? [Prisma.sql`c.created_at < ${HORIZON}`] : []),
    ...beyond(sort, request.after),
  ];
  const columns = withItems ? Prisma.sql`${CANCELLATION_COLUMNS}, ${ITEMS}` : CANCELLATION_COLUMNS;
  const ways = filter.storeIds.flatMap((storeId) =>
    (statusesOf(filter) ?? [null]).map((status) => {
      const ofStatus = status === null ? [] : [Prisma.sql`c.status = ${status}::cancellation_status`];
      const all = Prisma.join([Prisma.sql`c.store_id = ${storeId}`, ...ofStatus, ...conditions], " AND ");
      return Prisma.sql`(SELECT ${columns} FROM cancellation c WHERE ${all} ORDER BY ${orderBy(sort, "c")})`;
    }),
  );
  return Prisma.sql`
    SELECT * FROM (${Prisma.join(ways, " UNION ALL ")}) AS c
    ORDER BY ${Prisma.raw(`c."createdAt" ${direction}, c.id ${direction}`)}
    ${limit === null ? Prisma.empty : Prisma.sql`LIMIT ${limit}`}`;
}
