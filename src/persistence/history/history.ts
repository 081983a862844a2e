import type { CancellationHistory, OpenCount } from "../../cancellation/history/history.js";
import { OPEN_STATUSES } from "../../cancellation/model/status.js";
import { toCancellation, toIdentity } from "../cancellation-row.js";
import { type Database, orTooSlow, throughPrisma } from "../client.js";
import type { Encryptor } from "../encryptor.js";
import { type Cancellation as CancellationRow, Prisma, type PrismaClient } from "../generated/client.js";
import { READ_MS } from "../session.js";
import { statement, unnamed } from "../statement.js";
import { readEvents, readItems } from "./items-and-events.js";
import { readOrderLines, readOrderTotals, readRunningTotals } from "./order-sums.js";
import { countMatching, existsFrom, readPage } from "./pages.js";
import { createSemaphore, readStats } from "./stats.js";

/** Each keeps a connection and a processor for up to a second: the others are left to those who read pages. */
const STATS_AT_ONCE = 3;
/** Whoever waits behind so many would wait for longer than anybody looks at an empty chart. */
const STATS_WAITING = 12;

/**
 * Whether case matters to EBP is not known: order numbers that differ in nothing else keep each other closed. By the column's collation,
 * as in the unique index: what that refuses must be found, also where the database's own language has more capitals than A to Z.
 */
const OPEN = statement(
  "open",
  `SELECT id FROM cancellation
  WHERE store_id = :storeId AND lower(order_no) = lower(:orderNo COLLATE "C") AND status IN ('PENDING', 'UNKNOWN')
  ORDER BY order_no = :orderNo DESC, id LIMIT 1`,
);

const NOW = statement("now", "SELECT clock_timestamp() AS now");

/** @param database the same database, for what is asked most, and costs less so than by Prisma. */
export function createHistory(
  prisma: PrismaClient,
  encryptor: Encryptor,
  database: Database = throughPrisma(prisma),
): CancellationHistory {
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

    orderTotals: (storeId, orderNo) => readOrderTotals(prisma, storeId, orderNo),

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

/** Reads the open ones only, which the partial index holds. A status of which there is none is told too. */
export async function readOpenByStatus(database: Database): Promise<OpenCount[]> {
  const rows = await database.rows<OpenCount>(
    unnamed(Prisma.sql`
    SELECT
      status, count(*)::integer AS count,
      extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS "oldestSeconds"
    FROM cancellation
    WHERE status IN ('PENDING', 'UNKNOWN')
    GROUP BY status`),
  );
  return OPEN_STATUSES.map(
    (status) => rows.find((row) => row.status === status) ?? { status, count: 0, oldestSeconds: 0 },
  );
}
