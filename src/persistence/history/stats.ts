import { NEWEST_FIRST } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import {
  type CancellationStat,
  inOrder,
  MAX_STATS,
  type StatsGrouping,
  type StatsKey,
} from "../../cancellation/history/stats.js";
import type { ItemType } from "../../cancellation/model/cancel-request.js";
import { BusyError, TooManyError } from "../../cancellation/model/errors.js";
import type { CancellationStatus, Settlement } from "../../cancellation/model/status.js";
import { exactOrZero, TYPE_COLUMNS } from "../cancellation-row.js";
import { orTooSlow } from "../client.js";
import { Prisma, type PrismaClient } from "../generated/client.js";
import { matchesItem, itemEqualities, matching } from "./conditions.js";

/** Ten times what a year of a million cancellations takes. */
const PATIENCE_MS = 10_000;
/** For the groups alone, which are few. More goes to the disk. */
const MEMORY = "32MB";

interface StatRow {
  readonly start?: string;
  readonly from?: Date;
  readonly before?: Date;
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
 * @throws TooManyError when they are more than MAX_STATS.
 * @throws TooSlowError
 */
export async function readStats(
  database: Pick<PrismaClient, "$transaction">,
  filter: CancellationFilter,
  grouping: StatsGrouping,
  patienceMs = PATIENCE_MS,
): Promise<CancellationStat[]> {
  const rows = await withinPatience(database, statsStatement(filter, grouping), patienceMs);
  if (rows.length > MAX_STATS) throw new TooManyError("sums of cancellations", MAX_STATS);
  return rows.map(toStat).sort(inOrder);
}

async function withinPatience(
  database: Pick<PrismaClient, "$transaction">,
  statement: Prisma.Sql,
  patienceMs: number,
): Promise<StatRow[]> {
  const summing = database.$transaction(
    async (transaction) => {
      // PostgreSQL expects as many groups as moments, and would sort a million rows for a dozen groups.
      await transaction.$queryRaw`
          SELECT
            set_config('statement_timeout', ${String(patienceMs)}, true), set_config('work_mem', ${MEMORY}, true),
            set_config('enable_sort', 'off', true)`;
      return transaction.$queryRaw<StatRow[]>(statement);
    },
    // Prisma's own time-out comes after the database's, which says why.
    { timeout: 2 * patienceMs },
  );
  return orTooSlow("sums of cancellations", patienceMs, summing);
}

function toStat(row: StatRow): CancellationStat {
  const { start, from, before } = row;
  return {
    status: row.status ?? null,
    settlement: row.settlement ?? null,
    period:
      start === undefined || from === undefined || before === undefined ? null : { start, from, before },
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

const KEY_COLUMNS: Readonly<Record<Exclude<StatsKey, "ITEM_TYPE">, string>> = {
  STATUS: "status",
  SETTLEMENT: "settlement",
  STORE: "store_id",
  REASON: "reason",
  FAILURE_CODE: "failure_code",
};

/** Rows as StatRow has them, in no order. */
export function statsStatement(filter: CancellationFilter, grouping: StatsGrouping): Prisma.Sql {
  const { period, largest } = grouping;
  // Of groups with equal counts, any: a chart of the largest shows either.
  const bounded = Prisma.sql`
    ${largest === undefined ? Prisma.empty : Prisma.raw("ORDER BY count DESC")} LIMIT ${largest ?? MAX_STATS + 1}`;
  const sums = Prisma.sql`${sumsOf(filter, grouping)} ${bounded}`;
  if (period === null) return sums;
  const next = Prisma.sql`period + ${`1 ${period.unit}`}::interval`;
  return Prisma.sql`
    SELECT sum.*, to_char(period, 'YYYY-MM-DD') AS start,
      ${beginning(Prisma.sql`period`, period.timeZone)} AS "from", ${beginning(next, period.timeZone)} AS before
    FROM (${sums}) AS sum`;
}

/**
 * The first moment of a local date. Where midnight comes twice, AT TIME ZONE means the second, and an hour before nothing is ambiguous.
 * Where midnight does not exist, both are the moment at which the clocks change.
 */
function beginning(midnight: Prisma.Sql, timeZone: string): Prisma.Sql {
  return Prisma.sql`least(
      (${midnight}) AT TIME ZONE ${timeZone},
      (${midnight} - interval '1 hour') AT TIME ZONE ${timeZone} + interval '1 hour'
    )`;
}

function sumsOf(filter: CancellationFilter, grouping: StatsGrouping): Prisma.Sql {
  if (!grouping.keys.includes("ITEM_TYPE")) return sumsOfCancellations(filter, grouping);
  return filter.itemId === undefined ? sumsByType(filter, grouping) : sumsOfLines(filter, grouping);
}

function sumsOfCancellations(filter: CancellationFilter, grouping: StatsGrouping): Prisma.Sql {
  return Prisma.sql`
    SELECT
      ${columns(grouping)}, count(*)::integer AS count,
      sum(c.total_cancel_amount) AS amount, sum(c.total_tax_amount) AS tax_amount
    FROM cancellation c
    WHERE ${conditions(filter)}
    GROUP BY ${names(grouping)}`;
}

/** From the sums that each cancellation has by kind: its lines, three times as many, are not read. */
function sumsByType(filter: CancellationFilter, grouping: StatsGrouping): Prisma.Sql {
  const asked = TYPE_COLUMNS.filter(({ type }) => filter.itemType === undefined || type === filter.itemType);
  const sums = asked.map(({ amount, tax }) =>
    Prisma.raw(
      `count(c.${amount})::integer AS ${amount}_count, sum(c.${amount}) AS ${amount}, sum(c.${tax}) AS ${tax}`,
    ),
  );
  const byType = asked.map(
    ({ type, amount, tax }) =>
      Prisma.sql`(${type}::item_type, ${Prisma.raw(`${amount}_count, ${amount}, ${tax}`)})`,
  );
  return Prisma.sql`
    WITH of_all AS (
      SELECT ${columns(grouping)}, ${Prisma.join(sums)}
      FROM cancellation c
      WHERE ${conditions(filter)}
      GROUP BY ${names(grouping)}
    )
    SELECT ${names(grouping)}, of_type.*
    FROM of_all CROSS JOIN LATERAL (VALUES ${Prisma.join(byType)}) AS of_type (item_type, count, amount, tax_amount)
    WHERE of_type.count > 0`;
}

/** For one item, whose lines an index finds. A cancellation with several of a kind counts once. */
function sumsOfLines(filter: CancellationFilter, grouping: StatsGrouping): Prisma.Sql {
  const ofItem = Prisma.join([conditions(filter), ...itemEqualities(filter)], " AND ");
  return Prisma.sql`
    WITH line AS (
      SELECT
        ${columns(grouping)}, item.item_type, sum(item.line_total) AS amount,
        sum(CASE c.amount_basis WHEN 'unit' THEN item.quantity * item.tax_amount ELSE item.tax_amount END) AS tax_amount
      FROM cancellation c
      JOIN cancellation_item item ON item.store_id = c.store_id AND item.cancellation_id = c.id
      WHERE ${ofItem}
      GROUP BY c.store_id, c.id, item.item_type
    )
    SELECT
      ${names(grouping)}, item_type, count(*)::integer AS count,
      sum(amount) AS amount, coalesce(sum(tax_amount), 0) AS tax_amount
    FROM line
    GROUP BY ${names(grouping)}, item_type`;
}

/** Columns of a cancellation `c`. */
function columns(grouping: StatsGrouping): Prisma.Sql {
  const { period } = grouping;
  const start = period && [
    Prisma.sql`date_trunc(${period.unit}, c.created_at AT TIME ZONE ${period.timeZone}) AS period`,
  ];
  const others = keyColumns(grouping).map((column) => Prisma.raw(`c.${column}`));
  return Prisma.join([...(start ?? []), ...others]);
}

/** The same once they have been read. */
function names(grouping: StatsGrouping): Prisma.Sql {
  return Prisma.raw([...(grouping.period ? ["period"] : []), ...keyColumns(grouping)].join(", "));
}

function keyColumns({ keys }: StatsGrouping): string[] {
  const ofCancellation = keys.filter((key) => key !== "ITEM_TYPE").map((key) => KEY_COLUMNS[key]);
  return [...ofCancellation, "currency_code"];
}

function conditions(filter: CancellationFilter): Prisma.Sql {
  return Prisma.join([...matching(filter, NEWEST_FIRST), ...matchesItem(filter)], " AND ");
}

/** Lets so many run at once, and the others wait in order. When too many wait, the next gets a BusyError. */
export function createSemaphore(
  atMost: number,
  waitingAtMost: number,
): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < atMost) running += 1;
    else if (waiting.length >= waitingAtMost) throw new BusyError();
    // Whoever ends hands over its place.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
