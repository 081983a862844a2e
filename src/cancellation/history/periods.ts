import { TooManyError } from "../model/errors.js";
import { beginningOf, createWallClock, DAY_MS, type WallClock } from "./wall-clock.js";

export const PERIOD_UNITS = ["DAY", "WEEK", "MONTH"] as const;
export type PeriodUnit = (typeof PERIOD_UNITS)[number];

/** A day, a week from Monday, or a month, in a time zone: of 23 or 25 hours where the clocks are changed. */
export interface Period {
  /** Its first date there, as yyyy-mm-dd. */
  readonly start: string;
  readonly from: Date;
  readonly before: Date;
}

/** Ten years of days. */
export const MAX_PERIODS = 3_660;

export interface Extent {
  readonly first: Date;
  readonly last: Date;
}

/**
 * The periods which the moments of an extent are in, one after the other without gaps. Dates that a zone has skipped have none.
 * @throws TooManyError when they are more than MAX_PERIODS.
 */
export function periodsOf({ first, last }: Extent, unit: PeriodUnit, timeZone: string): Period[] {
  const clock = createWallClock(timeZone);
  const periods: Period[] = [];
  let date = startOf(unit, clock.read(first.getTime()));
  let from = beginningOf(clock, date);
  while (from <= last.getTime()) {
    const next = nextStart(unit, date);
    const before = endOf(clock, { date, from }, next);
    if (before > from) periods.push({ start: written(date), from: new Date(from), before: new Date(before) });
    if (periods.length > MAX_PERIODS) throw new TooManyError("periods", MAX_PERIODS);
    [date, from] = [next, before];
  }
  return periods;
}

/** Most days have their 24 hours, and are not searched for the moment. No zone changes its clocks twice in one. */
function endOf(
  clock: WallClock,
  start: { readonly date: number; readonly from: number },
  next: number,
): number {
  const guess = start.from + DAY_MS;
  return next - start.date === DAY_MS && clock.read(guess) === next ? guess : beginningOf(clock, next);
}

const MONDAY = 1;
const DAYS_OF_WEEK = 7;

/** Of what a clock shows, as if in UTC; so is what comes back. */
function startOf(unit: PeriodUnit, shown: number): number {
  const midnight = new Date(Math.floor(shown / DAY_MS) * DAY_MS);
  if (unit === "MONTH") return midnight.setUTCDate(1);
  if (unit === "DAY") return midnight.getTime();
  return midnight.getTime() - ((midnight.getUTCDay() - MONDAY + DAYS_OF_WEEK) % DAYS_OF_WEEK) * DAY_MS;
}

function nextStart(unit: PeriodUnit, date: number): number {
  if (unit === "MONTH") return new Date(date).setUTCMonth(new Date(date).getUTCMonth() + 1);
  return date + (unit === "DAY" ? 1 : DAYS_OF_WEEK) * DAY_MS;
}

function written(date: number): string {
  return new Date(date).toISOString().slice(0, "yyyy-mm-dd".length);
}
