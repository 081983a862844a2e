import { MAX_HOLDER_NAME_LENGTH } from "../cancellation/limits.js";
import { asArray, asObject, asText, type JsonObject } from "./json-values.js";

/** An order has one buyer; each name more takes milliseconds to look for. */
const MAX_NAMES = 5;

/** How EBP, and what it passes on, may spell the field. */
const KEY = /^buyer_?name$/iu;
const MENTION = /buyer_?name/giu;

export interface BuyerNames {
  readonly names: readonly string[];
  /**
   * False when there may be others: the field is mentioned where it cannot be read (in an answer that breaks off, or
   * inside of a text), or what it holds is too long or too much to be names.
   */
  readonly areAll: boolean;
}

/** The names of buyers that an answer states, in `data` or anywhere else. They are personal data. */
export function buyerNames(rawText: string, fields: JsonObject | null): BuyerNames {
  const { names: found, count } = readNames(fields);
  const names = [...found].filter((name) => name.length <= MAX_HOLDER_NAME_LENGTH).slice(0, MAX_NAMES);
  const mentions = rawText.match(MENTION)?.length ?? 0;
  return { names, areAll: mentions === count && names.length === found.size };
}

/** `count`: how often the field stands there. Without recursion: a document may be nested as deep as the stack just allowed. */
function readNames(document: unknown): { names: ReadonlySet<string>; count: number } {
  const names = new Set<string>();
  let count = 0;
  const ahead: { value: unknown; isName: boolean }[] = [{ value: document, isName: false }];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { value, isName } = next;
    const text = asText(value);
    if (text !== null && isName) names.add(text);
    for (const each of asArray(value)) ahead.push({ value: each, isName });
    for (const [key, each] of Object.entries(asObject(value) ?? {})) {
      const named = KEY.test(key);
      if (named) count += 1;
      ahead.push({ value: each, isName: isName || named });
    }
  }
  return { names, count };
}
