import type { PeriodUnit } from "../../src/cancellation/history/stats.js";

/** With summer time and without, with midnights that do not exist or come twice, with half hours, and with a day that was skipped. */
export const ZONES = [
  "UTC",
  "Asia/Seoul",
  "America/New_York",
  "Europe/Berlin",
  "America/Sao_Paulo",
  "Asia/Beirut",
  "America/Havana",
  "Africa/Casablanca",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
] as const;

const formats = new Map<string, Intl.DateTimeFormat>();

/** The date on the clocks there, as yyyy-mm-dd. */
export function localDate(moment: Date, timeZone: string): string {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  formats.set(timeZone, format);
  return format.format(moment);
}

/** The first date of the period that a date is in. */
export function startOfPeriod(date: string, unit: PeriodUnit): string {
  if (unit === "DAY") return date;
  if (unit === "MONTH") return `${date.slice(0, 7)}-01`;
  const day = new Date(date);
  while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}
