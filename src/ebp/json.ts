import { isLosslessNumber, parse } from "lossless-json";
import { Decimal } from "../cancellation/model/decimal.js";

export const UNPARSABLE = Symbol("unparsable");

/**
 * Parses JSON and keeps every digit. UNPARSABLE: not JSON, a key that stands twice in one object with different values (two
 * readers would see two documents), or nested deeper than the stack.
 */
export function parseJson(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return UNPARSABLE;
  }
}

/** Any amount of any currency is far shorter. */
const MAX_NUMBER_LENGTH = 40;
/** 1e30 has 31 digits in plain notation. */
const MAX_EXPONENT = 30;
/** The range of PostgreSQL's integer and GraphQL's Int. */
const MAX_INT32 = 2_147_483_647;

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;

export type JsonObject = Readonly<Record<string, unknown>>;

/** These read what parseJson returned. Each returns null for a value that is missing or of another kind. */
export function asObject(value: unknown): JsonObject | null {
  const isObject =
    typeof value === "object" && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
  return isObject ? (value as JsonObject) : null;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string, or a number as it was written. */
export function asText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return isLosslessNumber(value) ? value.toString() : null;
}

export function asString(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A decimal, written as a JSON number or as a string of the same form. */
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
/** Both ends can be stored, and written with four digits. */
const FIRST_YEAR = 2000;
const LAST_YEAR = 9999;

/**
 * Reads an ISO 8601 time as EBP writes it: with "Z" and up to nanoseconds, or with an offset. Fractions of a millisecond are cut
 * off. Null for anything else, such as 30 February.
 */
export function readInstant(value: unknown): Date | null {
  const groups = INSTANT.exec(asString(value) ?? "")?.groups;
  if (groups === undefined) return null;
  const { date = "", time = "", fraction = "", sign, hours, minutes } = groups;
  const written = `${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  const local = new Date(written);
  // Date reads 30 February as 2 March, and 24:00 as the next day.
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
