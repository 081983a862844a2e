import { isLosslessNumber } from "lossless-json";
import { Decimal } from "../cancellation/model/decimal.js";

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
