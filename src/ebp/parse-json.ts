import { parse } from "lossless-json";

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
