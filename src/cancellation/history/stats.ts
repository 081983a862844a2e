import type { Decimal } from "../model/decimal.js";
import { InvalidArgumentError } from "../model/errors.js";
import type { ItemType } from "../model/cancel-request.js";
import type { CancellationStatus, Settlement } from "../model/status.js";

/** What sums are told apart by besides their period. Also the order in which they come. */
export const STATS_KEYS = ["STATUS", "SETTLEMENT", "STORE", "ITEM_TYPE", "REASON", "FAILURE_CODE"] as const;
export type StatsKey = (typeof STATS_KEYS)[number];

export const PERIOD_UNITS = ["DAY", "WEEK", "MONTH"] as const;
export type PeriodUnit = (typeof PERIOD_UNITS)[number];

/** A day, a week from Monday, or a month, in a time zone. Its days have 23 or 25 hours where the clocks change. */
export interface Period {
  /** Its first date there, as yyyy-mm-dd. */
  readonly start: string;
  readonly from: Date;
  readonly before: Date;
}

export const CANCELLATION_GROUPS = [...STATS_KEYS, ...PERIOD_UNITS] as const;
export type CancellationGroup = (typeof CANCELLATION_GROUPS)[number];

/** How sums are told apart. They always are by currency: a sum of won and dollars is nothing. */
export interface StatsGrouping {
  readonly keys: readonly StatsKey[];
  /** By when the cancel was asked for. */
  readonly period: { readonly unit: PeriodUnit; readonly timeZone: string } | null;
  /** Only so many of them: those with the largest counts. */
  readonly largest?: number;
}

/** One sum. What is not grouped by is null. */
export interface CancellationStat {
  readonly status: CancellationStatus | null;
  readonly settlement: Settlement | null;
  readonly period: Period | null;
  readonly storeId: string | null;
  readonly itemType: ItemType | null;
  readonly reason: string | null;
  readonly failureCode: string | null;
  readonly currencyCode: string;
  readonly count: number;
  readonly amount: Decimal;
  readonly taxAmount: Decimal;
}

/** By period, then by each of the keys, then by currency. What has none of something comes last. */
export function inOrder(one: CancellationStat, other: CancellationStat): number {
  const [left, right] = [placeOf(one), placeOf(other)];
  const at = left.findIndex((value, place) => value !== right[place]);
  return at === -1 ? 0 : compared(left[at] ?? null, right[at] ?? null);
}

function placeOf(stat: CancellationStat): (string | null)[] {
  const { period, status, settlement, storeId, itemType, reason, failureCode, currencyCode } = stat;
  return [period?.start ?? null, status, settlement, storeId, itemType, reason, failureCode, currencyCode];
}

function compared(left: string | null, right: string | null): number {
  if (left === null || right === null) return left === null ? 1 : -1;
  return left < right ? -1 : 1;
}

/** Each day of a year by status and store is 4 400. As an answer they are a megabyte. */
export const MAX_STATS = 5_000;

/**
 * @param groupBy none for one sum of each currency.
 * @throws InvalidArgumentError
 */
export function checkGrouping(
  groupBy: readonly CancellationGroup[],
  requestedZone: string | null | undefined,
  largest: number | null | undefined = null,
): StatsGrouping {
  const timeZone = checkTimeZone("timeZone", requestedZone);
  const repeated = groupBy.find((group, place) => groupBy.indexOf(group) !== place);
  if (repeated !== undefined)
    throw new InvalidArgumentError({ kind: "repeatedGroup", field: "groupBy", group: repeated });
  const [unit, ...others] = PERIOD_UNITS.filter((period) => groupBy.includes(period));
  if (others.length > 0)
    throw new InvalidArgumentError({ kind: "severalPeriods", field: "groupBy", allowed: PERIOD_UNITS });
  return {
    keys: STATS_KEYS.filter((key) => groupBy.includes(key)),
    period: unit === undefined ? null : { unit, timeZone },
    ...(largest !== null && { largest: checkedLargest(largest) }),
  };
}

function checkedLargest(largest: number): number {
  if (largest >= 1 && largest <= MAX_STATS) return largest;
  throw new InvalidArgumentError({ kind: "outOfRange", field: "largest", min: 1, max: MAX_STATS });
}

/** A name with its area. Abbreviations stand for several zones, and offsets know no summer time. */
const ZONE_NAME = /^[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*\/[A-Za-z0-9]+(?:[/_+-][A-Za-z0-9]+)*$/u;
const LONGEST_ZONE_NAME = 64;

function checkTimeZone(field: string, requested: string | null | undefined): string {
  if (requested === null || requested === undefined || requested === "UTC") return "UTC";
  if (requested.length <= LONGEST_ZONE_NAME && ZONE_NAME.test(requested) && isKnown(requested))
    return requested;
  throw new InvalidArgumentError({ kind: "notATimeZone", field });
}

function isKnown(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}
