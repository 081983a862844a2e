import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isSafeNumber, LosslessNumber, parse } from "lossless-json";
import { deepStrictEqual } from "node:assert";
import { parseJsonBody } from "../../src/http/server.js";
import { ApiError } from "../../src/messages/api-error.js";

type Result = { readonly body: unknown } | { readonly refused: string };

function parsed(text: string): Result {
  let result: Result | undefined;
  parseJsonBody(text, (error, body) => {
    if (result !== undefined) throw new Error("told twice");
    if (error !== null) expect(error).toBeInstanceOf(ApiError);
    result = error === null ? { body } : { refused: error.message };
  });
  if (result === undefined) throw new Error("not told");
  return result;
}

const NOT_JSON =
  "The request body is not valid JSON, has the same key twice in one object, or is nested too deep.";
const WITH_PROTO = "The request body has a key named __proto__.";

/** What it should be: slowly, and always by the parser that loses nothing. */
function expected(text: string): Result {
  let body: unknown;
  try {
    body = parse(text, undefined, (number) =>
      isSafeNumber(number, { approx: false }) ? Number(number) : new LosslessNumber(number),
    );
  } catch {
    return { refused: NOT_JSON };
  }
  return keysOf(body).includes("__proto__") ? { refused: WITH_PROTO } : { body };
}

function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null || value instanceof LosslessNumber) return [];
  return Object.entries(value).flatMap(([key, each]) => [key, ...keysOf(each)]);
}

const SPACE = fc.constantFrom("", "", "", " ", "\n", "\t ", "\r\n  ");

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789")), minLength, maxLength });
const whole = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  digits(minLength, maxLength).map((text) => text.replace(/^0+(?=\d)/u, ""));

const FRACTION = fc.oneof(
  fc.constant(""),
  digits(1, 20).map((text) => `.${text}`),
);
const EXPONENT = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc
    .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), digits(1, 3))
    .map((parts) => parts.join("")),
);
const NUMBER = fc
  .tuple(fc.constantFrom("", "-"), fc.oneof(whole(1, 3), whole(14, 20)), FRACTION, EXPONENT)
  .map((parts) => parts.join(""));

/** Texts that look like something else to whoever only looks for signs. */
const TEXT = fc
  .array(
    fc.constantFrom(
      "a",
      '\\"',
      "\\\\",
      ":",
      '\\":',
      '\\" :',
      ",",
      "{",
      "}",
      "[",
      " ",
      "1234567890123456789",
      ":1234567890123456789",
      "\\u0061",
      "\\ud800",
      "\\n",
      "가",
      "\u2028",
    ),
    { maxLength: 5 },
  )
  .map((parts) => `"${parts.join("")}"`);

/** Few, so that many stand twice; `b` in two spellings. */
const KEY = fc.oneof(fc.constantFrom('"a"', '"b"', '"\\u0062"', '"1"', '"constructor"', '"toString"'), {
  weight: 1,
  arbitrary: TEXT,
});
const PROTO = fc.constantFrom('"__proto__"', '"__pr\\u006fto__"');

/** JSON by hand, with these keys. */
function json(key: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
    value: fc
      .tuple(
        SPACE,
        fc.oneof(
          { maxDepth: 4, withCrossShrink: true },
          fc.constantFrom("null", "true", "false"),
          NUMBER,
          TEXT,
          tie("list"),
          tie("object"),
        ),
        SPACE,
      )
      .map((parts) => parts.join("")),
    list: fc.array(tie("value"), { maxLength: 3 }).map((values) => `[${values.join(",")}]`),
    object: fc
      .array(
        fc.tuple(SPACE, key, SPACE, tie("value")).map(([before, name, after, value]) => {
          return `${before}${name}${after}:${value}`;
        }),
        { maxLength: 4 },
      )
      .map((members) => `{${members.join(",")}}`),
  }));
  return value;
}

const WELL_FORMED = json(KEY);

/** With a piece cut out, and another put in its place. */
const BROKEN = fc
  .tuple(
    WELL_FORMED,
    fc.nat(),
    fc.nat(2),
    fc.constantFrom("", ",", '"', "0", ".", "-", "e", "\\", "\u0000", "\ufeff", "}", "]", ":", "x"),
  )
  .map(([text, at, length, piece]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + piece + text.slice(from + length);
  });

function alwaysAsExpected(texts: fc.Arbitrary<string>): void {
  fc.assert(
    fc.property(texts, (text) => {
      // Also tells -0 from 0, and a number from one that is kept as text.
      deepStrictEqual(parsed(text), expected(text));
    }),
    { numRuns: 300 },
  );
}

describe("a request body is read as by the parser that loses nothing, whether it is", () => {
  test.each<[string, fc.Arbitrary<string>]>([
    ["JSON with long numbers, keys that stand twice, and texts full of signs", WELL_FORMED],
    ["JSON with keys named __proto__", json(fc.oneof(KEY, PROTO))],
    ["JSON that something has been cut out of", BROKEN],
  ])("%s", (_what, texts) => alwaysAsExpected(texts));
});
