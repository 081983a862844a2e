import type pg from "pg";
import type { PeriodUnit } from "../../src/cancellation/history/stats.js";
import { NEWEST_FIRST } from "../../src/cancellation/history/cursors.js";
import type { CancellationFilter } from "../../src/cancellation/history/filter.js";
import { ITEM_TYPES } from "../../src/cancellation/model/cancel-request.js";
import type { CancellationStat, StatsGrouping } from "../../src/cancellation/history/stats.js";
import { expectedHistory } from "./history-model.js";
import type { HistoryRow } from "./history-rows.js";

/** One for each cancellation or, by kinds of items, for each kind of lines that it has and that fit. */
function partsOf(
  row: HistoryRow,
  filter: CancellationFilter,
  { keys, period }: StatsGrouping,
  localDate: LocalDates,
): Part[] {
  const has = (key: StatsGrouping["keys"][number]): boolean => keys.includes(key);
  const group = {
    status: has("STATUS") ? row.status : null,
    settlement: has("SETTLEMENT") ? row.settlement : null,
    start: period && startOfPeriod(localDate(row.createdAt, period.timeZone), period.unit),
    storeId: has("STORE") ? row.storeId : null,
    itemType: null,
    reason: has("REASON") ? row.reason : null,
    failureCode: has("FAILURE_CODE") ? row.failureCode : null,
    currencyCode: row.storeId.startsWith("US") ? "USD" : "KRW",
  };
  if (!has("ITEM_TYPE")) return [{ group, amount: row.amount, tax: row.tax }];
  return ITEM_TYPES.flatMap((itemType) => {
    const lines = row.items.filter(
      (item) =>
        item.itemType === itemType &&
        itemType === (filter.itemType ?? itemType) &&
        item.itemId === (filter.itemId ?? item.itemId),
    );
    const [amount, tax] = [lines.map((line) => line.amount), lines.map((line) => line.tax)].map((values) =>
      values.reduce((sum, value) => sum + value, 0),
    );
    return lines.length === 0 ? [] : [{ group: { ...group, itemType }, amount: amount ?? 0, tax: tax ?? 0 }];
  });
}

interface Part {
  readonly group: object;
  readonly amount: number;
  readonly tax: number;
}

/** By group, as text: how many, and how much. */
export function expectedStats(
  rows: readonly HistoryRow[],
  filter: CancellationFilter,
  grouping: StatsGrouping,
  localDate: LocalDates,
): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  for (const row of expectedHistory(rows, filter, NEWEST_FIRST, new Date())) {
    for (const { group, amount, tax } of partsOf(row, filter, grouping, localDate)) {
      const [count = 0, amounts = 0, taxes = 0] = sums.get(JSON.stringify(group)) ?? [];
      sums.set(JSON.stringify(group), [count + 1, amounts + amount, taxes + tax]);
    }
  }
  return sums;
}

export function foundStats(stats: readonly CancellationStat[]): Map<string, number[]> {
  return new Map(
    stats.map((stat) => {
      const { status, settlement, period, storeId, itemType, reason, failureCode, currencyCode } = stat;
      const start = period?.start ?? null;
      const group = { status, settlement, start, storeId, itemType, reason, failureCode, currencyCode };
      return [JSON.stringify(group), [stat.count, stat.amount.toNumber(), stat.taxAmount.toNumber()]];
    }),
  );
}

/** With summer time and without, with midnights that do not exist or come twice, with half hours, and with a day that was skipped. */
export const ZONES = [
  "UTC",
  "Asia/Seoul",
  "America/New_York",
  "Europe/Berlin",
  "America/Sao_Paulo",
  "Asia/Beirut",
  "America/Havana",
  "Europe/Dublin",
  "Africa/Casablanca",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
] as const;

/** The date on the clocks there, as yyyy-mm-dd. */
export type LocalDates = (moment: Date, timeZone: string) => string;

/**
 * The dates of these moments in each of the zones. PostgreSQL tells them, because its sums are compared with them: Node brings
 * time-zone data of its own, which are those of another year.
 */
export async function readLocalDates(client: pg.Client, moments: readonly Date[]): Promise<LocalDates> {
  const keyOf = (moment: Date, timeZone: string): string => `${moment.getTime()} ${timeZone}`;
  const { rows } = await client.query<{ moment: Date; zone: string; date: string }>(
    `SELECT moment, zone, to_char(moment AT TIME ZONE zone, 'YYYY-MM-DD') AS date
     FROM unnest($1::timestamptz[]) AS moment, unnest($2::text[]) AS zone`,
    [moments, ZONES],
  );
  const dates = new Map(rows.map(({ moment, zone, date }) => [keyOf(moment, zone), date]));
  return (moment, timeZone) => {
    const date = dates.get(keyOf(moment, timeZone));
    if (date === undefined) throw new Error(`the date of ${moment.toISOString()} was not read`);
    return date;
  };
}

/** The first date of the period that a date is in. */
export function startOfPeriod(date: string, unit: PeriodUnit): string {
  if (unit === "DAY") return date;
  if (unit === "MONTH") return `${date.slice(0, 7)}-01`;
  const day = new Date(date);
  while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}
