import pg from "pg";
import type {
  ExportedCancellation,
  ExportRequest,
  OpenExport,
  RunningExport,
} from "../../cancellation/history/history.js";
import { toCancellation, toItem, type CancellationRow, type ItemRow } from "../cancellation-row.js";
import { CONNECT_MS } from "../pool-queue.js";
import { endInTime } from "../end-in-time.js";
import { SessionClient, sessionConfig } from "../session.js";
import { exportStatement } from "./export-statement.js";
import { HORIZON, horizonOf } from "./horizon.js";

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
