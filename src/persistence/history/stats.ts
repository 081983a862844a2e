import { NEWEST_FIRST } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import { type Extent, type Period, periodsOf } from "../../cancellation/history/periods.js";
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
import { exactOrZero } from "../cancellation-row.js";
import { orTooSlow } from "../client.js";
import { Prisma, type PrismaClient } from "../generated/client.js";
import { TYPE_COLUMNS, type TypeColumns } from "../record-intent.js";
import { createdWithin, matchesItem, itemEqualities, matching } from "./conditions.js";

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
  const rows = await withinPatience(database, statement, patienceMs);
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

async function withinPatience(
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

export interface StatsRequest {
  readonly keys: readonly StatsKey[];
  /** One after the other without gaps; null when sums are not told apart by period. */
  readonly periods: readonly Period[] | null;
  /** The largest counts come first where they are bounded by a number that is asked for. */
  readonly largestFirst: boolean;
  readonly limit: number;
}

/** Of a cancellation. Kinds of items are of its lines. */
const KEY_COLUMNS: Readonly<Record<Exclude<StatsKey, "ITEM_TYPE">, string>> = {
  STATUS: "status",
  SETTLEMENT: "settlement",
  STORE: "store_id",
  REASON: "reason",
  FAILURE_CODE: "failure_code",
};

/**
 * In no order: up to `limit` rows with `period`, counted from 1, the columns of the keys, `currency_code`, `count`, `amount` and
 * `tax_amount`. Which period a moment is in is looked up among where these begin: half as dear as a time zone for each row, and right
 * whatever zones the database knows.
 */
export function statsStatement(filter: CancellationFilter, request: StatsRequest): Prisma.Sql {
  if (!request.keys.includes("ITEM_TYPE")) return sumsOfCancellations(filter, request);
  return filter.itemId === undefined ? sumsByType(filter, request) : sumsOfLines(filter, request);
}

function sumsOfCancellations(filter: CancellationFilter, request: StatsRequest): Prisma.Sql {
  return Prisma.sql`
    SELECT
      ${columns(request)}, count(*)::integer AS count,
      sum(c.total_cancel_amount) AS amount, sum(c.total_tax_amount) AS tax_amount
    FROM cancellation c
    WHERE ${conditions(filter, request)}
    GROUP BY ${names(request)}
    ${bounded(request)}`;
}

/** From what each cancellation has of each kind: its lines, three times as many, are not read. */
function sumsByType(filter: CancellationFilter, request: StatsRequest): Prisma.Sql {
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
      SELECT ${columns(request)}, ${Prisma.join(sums)}
      FROM cancellation c
      WHERE ${conditions(filter, request)}
      GROUP BY ${names(request)}
    )
    SELECT ${names(request)}, of_type.*
    FROM of_all CROSS JOIN LATERAL (VALUES ${Prisma.join(byType)}) AS of_type (item_type, count, amount, tax_amount)
    WHERE of_type.count > 0
    ${bounded(request)}`;
}

/** Of one item, whose lines an index finds. A cancellation that has several of a kind counts once. */
function sumsOfLines(filter: CancellationFilter, request: StatsRequest): Prisma.Sql {
  const ofItem = Prisma.join([conditions(filter, request), ...itemEqualities(filter)], " AND ");
  return Prisma.sql`
    WITH line AS (
      SELECT
        ${columns(request)}, item.item_type, sum(item.line_total) AS amount,
        sum(CASE c.amount_basis WHEN 'unit' THEN item.quantity * item.tax_amount ELSE item.tax_amount END) AS tax_amount
      FROM cancellation c
      JOIN cancellation_item item ON item.store_id = c.store_id AND item.cancellation_id = c.id
      WHERE ${ofItem}
      GROUP BY c.store_id, c.id, item.item_type
    )
    SELECT
      ${names(request)}, item_type, count(*)::integer AS count,
      sum(amount) AS amount, coalesce(sum(tax_amount), 0) AS tax_amount
    FROM line
    GROUP BY ${names(request)}, item_type
    ${bounded(request)}`;
}

/** Of equal ones whichever: a chart of the largest shows either. */
function bounded({ largestFirst, limit }: StatsRequest): Prisma.Sql {
  return Prisma.sql`${largestFirst ? Prisma.raw("ORDER BY count DESC") : Prisma.empty} LIMIT ${limit}`;
}

/** Of a cancellation `c`. */
function columns(request: StatsRequest): Prisma.Sql {
  const { periods } = request;
  const period = periods && [Prisma.sql`width_bucket(c.created_at, ${beginnings(periods)}) AS period`];
  const others = keyColumns(request).map((column) => Prisma.raw(`c.${column}`));
  return Prisma.join([...(period ?? []), ...others]);
}

/** The same once they have been read. */
function names(request: StatsRequest): Prisma.Sql {
  return Prisma.raw([...(request.periods ? ["period"] : []), ...keyColumns(request)].join(", "));
}

function keyColumns({ keys }: StatsRequest): string[] {
  const ofCancellation = keys.filter((key) => key !== "ITEM_TYPE").map((key) => KEY_COLUMNS[key]);
  return [...ofCancellation, "currency_code"];
}

function conditions(filter: CancellationFilter, { periods }: StatsRequest): Prisma.Sql {
  return Prisma.join([...matching(filter, NEWEST_FIRST), ...withLines(filter), ...within(periods)], " AND ");
}

/** A kind of item alone is told by the cancellation itself. */
function withLines(filter: CancellationFilter): readonly Prisma.Sql[] {
  const ofType = ({ type }: TypeColumns): boolean => type === filter.itemType;
  const column = filter.itemId === undefined ? TYPE_COLUMNS.find(ofType) : undefined;
  return column === undefined ? matchesItem(filter) : [Prisma.raw(`c.${column.amount} IS NOT NULL`)];
}

/** What has been asked for since the periods were made is in none of them. */
function within(periods: StatsRequest["periods"]): Prisma.Sql[] {
  const [first, last] = [periods?.[0], periods?.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [
    Prisma.sql`c.created_at >= ${first.from}::timestamptz`,
    Prisma.sql`c.created_at < ${last.before}::timestamptz`,
  ];
}

function beginnings(periods: readonly Period[]): Prisma.Sql {
  return Prisma.sql`${periods.map(({ from }) => from.toISOString())}::timestamptz[]`;
}

/**
 * Lets only so many go on at once, and the next in the order in which they came. Whoever waits holds nothing; where too many do, the next
 * is turned away with a BusyError.
 */
export function createSemaphore(
  atMost: number,
  waitingAtMost: number,
): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < atMost) running += 1;
    else if (waiting.length >= waitingAtMost) throw new BusyError(0);
    // Whoever ends hands on its place.
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
