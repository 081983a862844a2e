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
    body = parse(text, undefined, (number) =>
      isSafeNumber(number, { approx: false }) ? Number(number) : new LosslessNumber(number),
    );
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

/** Harmless as the parser keeps it, a key of its own; a copy made of it later could set a prototype. Nobody sends one in good faith. */
function hasProtoKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof LosslessNumber) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey);
}
