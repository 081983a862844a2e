import { isLosslessNumber, parse } from "lossless-json";
import { Decimal } from "../cancellation/model/decimal.js";

export const UNPARSABLE = Symbol("unparsable");

/**
 * A JSON document without losing a digit. UNPARSABLE for what is not JSON, for a key given twice in one object with
 * different values (two readers would see two documents), and for what is nested deeper than the stack.
 */
export function parseJson(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return UNPARSABLE;
  }
}

/** An amount of any currency fits many times over; a longer number is no amount. */
const MAX_NUMBER_LENGTH = 40;
/** Keeps plain notation short: 1e30 has 31 digits. */
const MAX_EXPONENT = 30;
/** The range of PostgreSQL's integer and GraphQL's Int. */
const MAX_INT32 = 2_147_483_647;

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Readers of what lossless-json parsed. Each answers null for what is missing or not of its kind. */
export function asObject(value: unknown): JsonObject | null {
  const isObject =
    typeof value === "object" && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
  return isObject ? (value as JsonObject) : null;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string as it is, a number as it was written. */
export function asText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return isLosslessNumber(value) ? value.toString() : null;
}

/** A string, and nothing else. */
export function asString(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A finite decimal, written as a JSON number or as a string of the same form. */
export function asDecimal(value: unknown): Decimal | null {
  const text = asText(value);
  if (text === null || text.length > MAX_NUMBER_LENGTH || !JSON_NUMBER.test(text)) return null;
  const decimal = new Decimal(text);
  if (decimal.isZero()) return new Decimal(0);
  return decimal.isFinite() && Math.abs(decimal.e) <= MAX_EXPONENT ? decimal : null;
}

export function asInt32(value: unknown): number | null {
  const decimal = asDecimal(value);
  if (decimal === null || !decimal.isInteger() || decimal.abs().greaterThan(MAX_INT32)) return null;
  return decimal.toNumber();
}

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
