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

/** A string of this form. */
export function matching(value: unknown, form: RegExp): string | null {
  return typeof value === "string" && form.test(value) ? value : null;
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
  /^(?<date>\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/u;
/** Both ends can be stored, and written with four digits. */
const FIRST_YEAR = 2000;
const LAST_YEAR = 9999;

/**
 * Reads an ISO 8601 time as EBP writes it: with "Z" and up to nanoseconds, or with an offset. Fractions of a millisecond are cut
 * off. Null for anything else, such as 30 February.
 */
export function readInstant(value: unknown): Date | null {
  const text = asString(value) ?? "";
  const date = INSTANT.exec(text)?.groups?.["date"];
  // Date reads 30 February as 2 March.
  if (date === undefined || new Date(date).getUTCDate() !== Number(date.slice(-2))) return null;
  const instant = new Date(text);
  const year = instant.getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR ? instant : null;
}
