import { TooManyError } from "../../cancellation/model/errors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import { periodsOf, type Extent, type Period } from "../../cancellation/history/periods.js";
import {
  inOrder,
  MAX_STATS,
  type CancellationStat,
  type StatsGrouping,
} from "../../cancellation/history/stats.js";
import type { ItemType } from "../../cancellation/model/cancel-request.js";
import type { CancellationStatus, Settlement } from "../../cancellation/model/status.js";
import { exactOrZero } from "../cancellation-row.js";
import { Prisma, type PrismaClient } from "../generated/client.js";
import { createdWithin } from "./conditions.js";
import { orTooSlow } from "./too-slow.js";
import { statsStatement } from "./stats-statement.js";

/** Ten times what a year of a million takes: nobody waits longer for a chart, and others need the connection. */
const PATIENCE_MS = 10_000;
/** For the groups alone, which are few; what has more goes by way of the disk. */
const MEMORY = "32MB";

interface StatRow {
  readonly period?: number;
  readonly status?: CancellationStatus;
  readonly settlement?: Settlement | null;
  readonly store_id?: string;
  readonly item_type?: ItemType;
  readonly reason?: string | null;
  readonly failure_code?: string | null;
  readonly currency_code: string;
  readonly count: number;
  readonly amount: Prisma.Decimal | null;
  readonly tax_amount: Prisma.Decimal | null;
}

/**
 * @throws TooManyError when they are more than MAX_STATS, or their periods than MAX_PERIODS.
 * @throws TooSlowError
 */
export async function readStats(
  database: Pick<PrismaClient, "$queryRaw" | "$transaction">,
  filter: CancellationFilter,
  { keys, period, largest }: StatsGrouping,
  patienceMs = PATIENCE_MS,
): Promise<CancellationStat[]> {
  const extent = period && (await readExtent(database, filter));
  const periods = period && (extent === null ? [] : periodsOf(extent, period.unit, period.timeZone));
  if (periods?.length === 0) return [];
  const limit = largest ?? MAX_STATS + 1;
  const statement = statsStatement(filter, { keys, periods, largestFirst: largest !== undefined, limit });
  const rows = await patiently(database, statement, patienceMs);
  if (rows.length > MAX_STATS) throw new TooManyError("sums of cancellations", MAX_STATS);
  return rows.map((row) => toStat(row, periods)).sort(inOrder);
}

/** When the first and the last was asked for; null when there is none. Of the stores and moments alone, which an index tells at once. */
async function readExtent(
  database: Pick<PrismaClient, "$queryRaw">,
  filter: CancellationFilter,
): Promise<Extent | null> {
  const ofStore = [Prisma.sql`c.store_id = store.id`, ...createdWithin(filter, Prisma.sql`c.created_at`)];
  const conditions = Prisma.join(ofStore, " AND ");
  const [row] = await database.$queryRaw<{ first: Date | null; last: Date | null }[]>`
    SELECT min(first.created_at) AS first, max(last.created_at) AS last
    FROM unnest(${[...filter.storeIds]}::text[]) AS store (id)
    CROSS JOIN LATERAL (
      SELECT c.created_at FROM cancellation c WHERE ${conditions} ORDER BY c.created_at, c.id LIMIT 1
    ) AS first
    CROSS JOIN LATERAL (
      SELECT c.created_at FROM cancellation c WHERE ${conditions} ORDER BY c.created_at DESC, c.id DESC LIMIT 1
    ) AS last`;
  const { first = null, last = null } = row ?? {};
  return first === null || last === null ? null : { first, last };
}

async function patiently(
  database: Pick<PrismaClient, "$transaction">,
  statement: Prisma.Sql,
  patienceMs: number,
): Promise<StatRow[]> {
  const summing = database.$transaction(
    async (transaction) => {
      // PostgreSQL takes each moment for a group of its own, and would sort a million rows rather than look up a dozen groups.
      await transaction.$queryRaw`
          SELECT
            set_config('statement_timeout', ${String(patienceMs)}, true), set_config('work_mem', ${MEMORY}, true),
            set_config('enable_sort', 'off', true)`;
      return transaction.$queryRaw<StatRow[]>(statement);
    },
    // Prisma gives up by its own clock, in words of its own: the database has done so before.
    { timeout: 2 * patienceMs },
  );
  return orTooSlow("sums of cancellations", patienceMs, summing);
}

function toStat(row: StatRow, periods: readonly Period[] | null): CancellationStat {
  return {
    status: row.status ?? null,
    settlement: row.settlement ?? null,
    // Counted from 1.
    period: periods?.[(row.period ?? 0) - 1] ?? null,
    storeId: row.store_id ?? null,
    itemType: row.item_type ?? null,
    reason: row.reason ?? null,
    failureCode: row.failure_code ?? null,
    currencyCode: row.currency_code,
    count: row.count,
    amount: exactOrZero(row.amount),
    taxAmount: exactOrZero(row.tax_amount),
  };
}
