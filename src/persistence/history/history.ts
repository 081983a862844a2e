import type { CancellationHistory, OpenCount } from "../../cancellation/history/history.js";
import type {
  CancellationEvent,
  CancellationItem,
  CancellationReference,
} from "../../cancellation/model/cancellation.js";
import { TooManyError } from "../../cancellation/model/errors.js";
import { OPEN_STATUSES } from "../../cancellation/model/status.js";
import {
  type EventRow,
  type ItemRow,
  toCancellation,
  toEvent,
  toIdentity,
  toItem,
} from "../cancellation-row.js";
import { type Database, orTooSlow, throughPrisma } from "../client.js";
import type { Encryptor } from "../encryptor.js";
import { type Cancellation as CancellationRow, Prisma, type PrismaClient } from "../generated/client.js";
import { READ_MS } from "../session.js";
import { type SqlValues, statement } from "../statement.js";
import { readOrderLines, readOrderTotals, readRunningTotals } from "./order-sums.js";
import { countMatching, existsFrom, readPage } from "./pages.js";
import { createSemaphore, readStats } from "./stats.js";

/** Each takes a connection and a processor for up to a second. The other connections serve pages. */
const STATS_AT_ONCE = 3;
/** Behind so many, one would wait longer than anybody looks at an empty chart. */
const STATS_WAITING = 12;

/**
 * It is not known whether case matters to EBP: order numbers that differ only in case keep each other closed. By the collation of the
 * unique index, so that this finds what the index refuses, also where the database's language has more capitals than A to Z.
 */
const OPEN = statement(
  "open",
  `SELECT id FROM cancellation
  WHERE store_id = :storeId AND lower(order_no) = lower(:orderNo COLLATE "C") AND status IN ('PENDING', 'UNKNOWN')
  ORDER BY order_no = :orderNo DESC, id LIMIT 1`,
);

const NOW = statement("now", "SELECT clock_timestamp() AS now");

export function createHistory(prisma: PrismaClient, encryptor: Encryptor): CancellationHistory {
  const database = throughPrisma(prisma);
  const statsInTurn = createSemaphore(STATS_AT_ONCE, STATS_WAITING);
  return {
    async find(storeIds, id) {
      const row = await prisma.cancellation.findFirst({ where: { storeId: { in: [...storeIds] }, id } });
      return row === null ? null : toCancellation(row);
    },

    async findByKey(storeId, idempotencyKey) {
      const row = await rowByKey(storeId, idempotencyKey);
      return row === null ? null : toCancellation(row);
    },

    async findRequestByKey(storeId, idempotencyKey) {
      const row = await rowByKey(storeId, idempotencyKey);
      return row === null
        ? null
        : { cancellation: toCancellation(row), identity: toIdentity(row, encryptor) };
    },

    async findOpen(storeId, orderNo) {
      const [open] = await database.rows<{ id: string }>(OPEN({ storeId, orderNo }));
      const row =
        open === undefined
          ? null
          : await prisma.cancellation.findUnique({ where: { storeId_id: { storeId, id: open.id } } });
      return row === null ? null : toCancellation(row);
    },

    page: (filter, window) => orTooSlow("a page", READ_MS, readPage(database, filter, window)),

    existsFrom: (filter, window) => orTooSlow("a page", READ_MS, existsFrom(database, filter, window)),

    count: (filter, order) => orTooSlow("a count", READ_MS, countMatching(database, filter, order)),

    stats: (filter, grouping) => statsInTurn(() => readStats(prisma, filter, grouping)),

    async orderTotals(storeId, orderNo) {
      const [totals] = await readOrderTotals(prisma, [{ storeId, orderNo }]);
      if (totals === undefined)
        throw new Error("reading the totals of an order: the statement returned none");
      return totals;
    },

    totalsOf: (references) => readOrderTotals(prisma, references),

    orderLines: (storeId, orderNo, atMost) => readOrderLines(prisma, storeId, orderNo, atMost),

    runningTotals: (storeId, orderNo, ids, atMost) =>
      readRunningTotals(prisma, storeId, orderNo, ids, atMost),

    async now() {
      const [row] = await database.rows<{ now: Date }>(NOW({}));
      if (row === undefined) throw new Error("asking the database for the time: no answer");
      return row.now;
    },

    openByStatus: () => readOpenByStatus(database),

    items: (references, atMost) => readItems(database, references, atMost),

    events: (references, atMost) => readEvents(database, references, atMost),
  };

  function rowByKey(storeId: string, idempotencyKey: string): Promise<CancellationRow | null> {
    return prisma.cancellation.findUnique({ where: { storeId_idempotencyKey: { storeId, idempotencyKey } } });
  }
}

/** Reads the open ones only, by the partial index. Includes a status that no cancellation has. */
export async function readOpenByStatus(database: Database): Promise<OpenCount[]> {
  const rows = await database.rows<OpenCount>(
    Prisma.sql`
    SELECT
      status, count(*)::integer AS count,
      extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS "oldestSeconds"
    FROM cancellation
    WHERE status IN ('PENDING', 'UNKNOWN')
    GROUP BY status`,
  );
  return OPEN_STATUSES.map(
    (status) => rows.find((row) => row.status === status) ?? { status, count: 0, oldestSeconds: 0 },
  );
}

type Child<Row> = Row & { readonly cancellationId: string };

const OF_THESE = "store_id = ANY(:storeIds::text[]) AND cancellation_id = ANY(:ids::uuid[])";

const ITEMS = statement(
  "items",
  `/* history: items */
    SELECT
      cancellation_id AS "cancellationId", seq, item_type AS "itemType", item_id AS "itemId", quantity, amount,
      tax_amount AS "taxAmount", line_total AS "lineTotal", confirmed_quantity AS "confirmedQuantity",
      confirmed_amount AS "confirmedAmount", confirmed_tax_amount AS "confirmedTaxAmount"
    FROM cancellation_item
    WHERE ${OF_THESE}
    ORDER BY seq
    LIMIT :limit::bigint`,
);

/** Without EBP's answers, which are up to a megabyte each and never shown. */
const EVENTS = statement(
  "events",
  `/* history: events */
    SELECT
      cancellation_id AS "cancellationId", at, from_status AS "fromStatus", to_status AS "toStatus", source, actor,
      evidence
    FROM cancellation_event
    WHERE ${OF_THESE}
    ORDER BY number
    LIMIT :limit::bigint`,
);

/** The lines of several cancellations, in order of `seq`. @throws TooManyError for more than `atMost`. */
async function readItems(
  database: Database,
  references: readonly CancellationReference[],
  atMost?: number,
): Promise<CancellationItem[][]> {
  const rows = await database.rows<Child<ItemRow>>(ITEMS(valuesOf(references, atMost)));
  assertAtMost("items", rows, atMost);
  return grouped(references, rows, toItem);
}

/** What was learnt of several cancellations, oldest first. @throws TooManyError for more than `atMost`. */
async function readEvents(
  database: Database,
  references: readonly CancellationReference[],
  atMost?: number,
): Promise<CancellationEvent[][]> {
  const rows = await database.rows<Child<EventRow>>(EVENTS(valuesOf(references, atMost)));
  assertAtMost("events", rows, atMost);
  return grouped(references, rows, toEvent);
}

function valuesOf(references: readonly CancellationReference[], atMost: number | undefined): SqlValues {
  return {
    storeIds: [...new Set(references.map(({ storeId }) => storeId))],
    ids: references.map(({ id }) => id),
    limit: atMost === undefined ? null : atMost + 1,
  };
}

function assertAtMost(what: string, rows: readonly unknown[], atMost: number | undefined): void {
  if (atMost !== undefined && rows.length > atMost) throw new TooManyError(what, atMost);
}

function grouped<Row, Found>(
  references: readonly CancellationReference[],
  rows: readonly Child<Row>[],
  toChild: (row: Row) => Found,
): Found[][] {
  const byId = new Map<string, Found[]>(references.map(({ id }) => [id, []]));
  for (const row of rows) byId.get(row.cancellationId)?.push(toChild(row));
  return references.map(({ id }) => byId.get(id) ?? []);
}
