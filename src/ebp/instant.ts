import { asString } from "./json-values.js";

const INSTANT =
  /^(?<date>\d{4}-\d\d-\d\d)T(?<time>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d{1,9}))?(?:Z|(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d))$/u;

const MS_PER_MINUTE = 60_000;
/** Far enough for any event, and both ends can be stored and written with four digits. */
const FIRST_YEAR = 2000;
const LAST_YEAR = 9999;

/**
 * An ISO 8601 time as EBP writes it: with "Z" and up to nanoseconds, or with an offset. Null for anything else, also for a
 * day or an hour that there is not. What is finer than a millisecond is cut off.
 */
export function readInstant(value: unknown): Date | null {
  const groups = INSTANT.exec(asString(value) ?? "")?.groups;
  if (groups === undefined) return null;
  const { date = "", time = "", fraction = "", sign, hours, minutes } = groups;
  const written = `${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  const local = new Date(written);
  // 30 February would become 2 March, and 24:00 the next day.
  if (Number.isNaN(local.getTime()) || local.toISOString() !== written) return null;
  const offset = offsetMinutes(sign, Number(hours ?? 0), Number(minutes ?? 0));
  if (offset === null) return null;
  const instant = new Date(local.getTime() - offset * MS_PER_MINUTE);
  const year = instant.getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR ? instant : null;
}

function offsetMinutes(sign: string | undefined, hours: number, minutes: number): number | null {
  if (hours > 23 || minutes > 59) return null;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes);
}
