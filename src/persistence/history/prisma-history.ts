import { TooManyError } from "../../cancellation/errors.js";
import type { CancellationHistory, CancellationReference } from "../../cancellation/history/history.js";
import { OPEN_STATUSES } from "../../cancellation/status.js";
import { fewAtOnce } from "./few-at-once.js";
import type { Sealer } from "../sealer.js";
import { toCancellation, toEvent, toIdentity, toItem } from "../cancellation-row.js";
import type { Cancellation as CancellationRow, PrismaClient } from "../generated/client.js";
import { countMatching, existsFrom, readPage } from "./pages.js";
import { readStats } from "./stats.js";
import { readOpenByStatus } from "./open-by-status.js";
import { readOrderLines } from "./order-lines.js";
import { readOrderTotals } from "./order-totals.js";
import { READ_MS } from "../pool-options.js";
import { readRunningTotals } from "./running-totals.js";
import { orTooSlow } from "./too-slow.js";

/** Each keeps a connection and a processor for up to a second: the others are left to those who read pages. */
const STATS_AT_ONCE = 3;
/** Whoever waits behind so many would wait for longer than anybody looks at an empty chart. */
const STATS_WAITING = 12;

export function createPrismaHistory(prisma: PrismaClient, sealer: Sealer): CancellationHistory {
  const statsInTurn = fewAtOnce(STATS_AT_ONCE, STATS_WAITING);
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
      return row === null ? null : { cancellation: toCancellation(row), identity: toIdentity(row, sealer) };
    },

    async findOpen(storeId, orderNo) {
      const row = await prisma.cancellation.findFirst({
        where: { storeId, orderNo, status: { in: [...OPEN_STATUSES] } },
      });
      return row === null ? null : toCancellation(row);
    },

    page: (filter, window) => orTooSlow("a page", READ_MS, readPage(prisma, filter, window)),

    existsFrom: (filter, window) => orTooSlow("a page", READ_MS, existsFrom(prisma, filter, window)),

    count: (filter, order) => orTooSlow("a count", READ_MS, countMatching(prisma, filter, order)),

    stats: (filter, grouping) => statsInTurn(() => readStats(prisma, filter, grouping)),

    orderTotals: (storeId, orderNo) => readOrderTotals(prisma, storeId, orderNo),

    orderLines: (storeId, orderNo, atMost) => readOrderLines(prisma, storeId, orderNo, atMost),

    runningTotals: (storeId, orderNo, ids, atMost) =>
      readRunningTotals(prisma, storeId, orderNo, ids, atMost),

    async now() {
      const [row] = await prisma.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
      if (row === undefined) throw new Error("asking the database for the time: no answer");
      return row.now;
    },

    openByStatus: () => readOpenByStatus(prisma),

    async items(references, atMost) {
      const rows = await prisma.cancellationItem.findMany({
        where: childrenOf(references),
        orderBy: { seq: "asc" },
        ...oneMoreThan(atMost),
      });
      assertAtMost("items", rows, atMost);
      return grouped(references, rows, toItem);
    },

    async events(references, atMost) {
      const rows = await prisma.cancellationEvent.findMany({
        where: childrenOf(references),
        orderBy: { number: "asc" },
        // Up to a megabyte each, and never shown.
        omit: { answerSealed: true },
        ...oneMoreThan(atMost),
      });
      assertAtMost("events", rows, atMost);
      return grouped(references, rows, toEvent);
    },
  };

  function rowByKey(storeId: string, idempotencyKey: string): Promise<CancellationRow | null> {
    return prisma.cancellation.findUnique({ where: { storeId_idempotencyKey: { storeId, idempotencyKey } } });
  }
}

/** Enough to see that there are more. */
function oneMoreThan(atMost: number | undefined): { take?: number } {
  return atMost === undefined ? {} : { take: atMost + 1 };
}

function assertAtMost(what: string, rows: readonly unknown[], atMost: number | undefined): void {
  if (atMost !== undefined && rows.length > atMost) throw new TooManyError(what, atMost);
}

function childrenOf(references: readonly CancellationReference[]): {
  storeId: { in: string[] };
  cancellationId: { in: string[] };
} {
  return {
    storeId: { in: [...new Set(references.map(({ storeId }) => storeId))] },
    cancellationId: { in: references.map(({ id }) => id) },
  };
}

function grouped<Row extends { cancellationId: string }, Child>(
  references: readonly CancellationReference[],
  rows: readonly Row[],
  toChild: (row: Row) => Child,
): Child[][] {
  const byId = new Map<string, Child[]>(references.map(({ id }) => [id, []]));
  for (const row of rows) byId.get(row.cancellationId)?.push(toChild(row));
  return references.map(({ id }) => byId.get(id) ?? []);
}
