import { isSafeNumber, LosslessNumber, parse } from "lossless-json";
import { ApiError } from "./api-error.js";

/** The parser's own message would quote the body. */
const NOT_JSON = new ApiError(
  400,
  "BAD_REQUEST",
  "The request body is not valid JSON, has the same key twice in one object, or is nested too deep.",
);
const HAS_PROTO_KEY = new ApiError(400, "BAD_REQUEST", "The request body has a key named __proto__.");

type Done = (error: Error | null, body?: unknown) => void;

/**
 * Parses a request body without losing digits: a number that a double cannot hold becomes a LosslessNumber, every other one a number.
 * Refuses an object that has the same key twice with different values: nobody can tell which was meant.
 */
export function parseJsonBody(text: string, done: Done): void {
  let body: unknown;
  let refusal: ApiError | null;
  try {
    body = parsePlainly(text) ?? parseLosslessly(text);
    refusal = hasProtoKey(body) ? HAS_PROTO_KEY : null;
  } catch {
    // Also for a body nested too deep to be read.
    refusal = NOT_JSON;
  }
  done(refusal, body);
}

function parseLosslessly(text: string): unknown {
  return parse(text, undefined, (number) =>
    isSafeNumber(number, { approx: false }) ? Number(number) : new LosslessNumber(number),
  );
}

/** A number that a double might not hold. A double holds every number of up to 15 digits. */
const UNUSUAL_NUMBER = /(?:^|[:[,\s])-?(?:[\d.]{16}|[\d.]+[eE])/u;
const KEY = /"\s*:/gu;

/**
 * The engine's parser is several times as fast, but rounds numbers and drops repeated keys in silence. Null unless it did neither for
 * certain: no number is unusual, and the body has as many keys as there are colons after texts. A colon within a text only makes
 * the count larger, and the body goes to the other parser.
 */
function parsePlainly(text: string): unknown {
  if (UNUSUAL_NUMBER.test(text)) return null;
  try {
    const body: unknown = JSON.parse(text);
    return countKeys(body) === (text.match(KEY)?.length ?? 0) ? body : null;
  } catch {
    // The other parser refuses it as well.
    return null;
  }
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + countKeys(each), 0);
  let count = 0;
  for (const key in value) count += 1 + countKeys((value as Record<string, unknown>)[key]);
  return count;
}

/** Harmless as parsed, but a copy made of the object later could set its prototype. */
function hasProtoKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof LosslessNumber) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey);
}
