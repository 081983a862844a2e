import { isSafeNumber, LosslessNumber, parse } from "lossless-json";

export class JsonBodyError extends Error {
  override readonly name = "JsonBodyError";
  readonly statusCode = 400;
}

type Done = (error: Error | null, body?: unknown) => void;

/**
 * A request body as JSON, without losing digits: a number that a double cannot hold comes as a LosslessNumber, every other one
 * as a number. A key that stands twice with different values is refused: nobody can tell which was meant.
 */
export function parseJsonBody(text: string, done: Done): void {
  let body: unknown;
  let withProto: boolean;
  try {
    body = parsePlainly(text) ?? parseLosslessly(text);
    withProto = hasProtoKey(body);
  } catch {
    // The parser's message quotes the body. A body nested too deep to be read ends here as well.
    done(
      new JsonBodyError(
        "The request body is not valid JSON, has the same key twice in one object, or is nested too deep.",
      ),
    );
    return;
  }
  if (withProto) done(new JsonBodyError("The request body has a key named __proto__."));
  else done(null, body);
}

function parseLosslessly(text: string): unknown {
  return parse(text, undefined, (number) =>
    isSafeNumber(number, { approx: false }) ? Number(number) : new LosslessNumber(number),
  );
}

/** A number that a double might not hold, at least where something can stand that is no text. Those of up to 15 digits it does. */
const UNUSUAL_NUMBER = /(?:^|[:[,\s])-?(?:[\d.]{16}|[\d.]+[eE])/u;
const KEY = /"\s*:/gu;

/**
 * The engine's own parser is several times as fast, but rounds and forgets in silence. Null unless it can be seen that it has done
 * neither: no number is unusual, and there are as many keys as there are colons after texts, of which those within texts only
 * make more.
 */
function parsePlainly(text: string): unknown {
  if (UNUSUAL_NUMBER.test(text)) return null;
  try {
    const body: unknown = JSON.parse(text);
    return countKeys(body) === (text.match(KEY)?.length ?? 0) ? body : null;
  } catch {
    // What is wrong is for the other to say.
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

/** Harmless as the parser keeps it, a key of its own; a copy made of it later could set a prototype. Nobody sends one in good faith. */
function hasProtoKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof LosslessNumber) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey);
}
