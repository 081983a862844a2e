import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { graphql, GraphQLNonNull, GraphQLObjectType, GraphQLSchema } from "graphql";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { DecimalScalar } from "../../src/graphql/api/leaf-types.js";
import { parseJsonBody } from "../../src/http/server.js";

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: "Query",
    fields: {
      echo: {
        type: DecimalScalar,
        args: { value: { type: new GraphQLNonNull(DecimalScalar) } },
        resolve: (_root, { value }: { value: unknown }) => value,
      },
      number: { type: DecimalScalar, resolve: () => 0.1 },
    },
  }),
});

interface Echo {
  readonly value: unknown;
  readonly error: string | undefined;
}

async function run(source: string, variableValues?: Record<string, unknown>): Promise<Echo> {
  const { data, errors } = await graphql({ schema, source, variableValues });
  return { value: data?.["echo"], error: errors?.[0]?.message };
}

function fromLiteral(literal: string): Promise<Echo> {
  return run(`{ echo(value: ${literal}) }`);
}

function fromVariable(value: unknown): Promise<Echo> {
  return run("query ($value: Decimal!) { echo(value: $value) }", { value });
}

/** As it comes over HTTP: a number in a JSON body. */
function fromJsonNumber(text: string): Promise<Echo> {
  return new Promise((resolve, reject) => {
    parseJsonBody(`{"value":${text}}`, (error, body) => {
      if (error === null) resolve(fromVariable((body as { value: unknown }).value));
      else reject(error);
    });
  });
}

/** The value in plain notation, by arithmetic on its digits alone. */
function plain(sign: string, whole: string, fraction: string, exponent = 0): string {
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const padded = digits.padStart(digits.length + Math.max(0, -point), "0").padEnd(Math.max(point, 0), "0");
  const at = point < 0 ? 0 : point;
  const left = padded.slice(0, at).replace(/^0+/u, "") || "0";
  const right = padded.slice(at).replace(/0+$/u, "");
  const value = right === "" ? left : `${left}.${right}`;
  return value === "0" ? "0" : sign + value;
}

/** A decimal as text, and its value in plain notation. */
function decimals(
  wholeDigits: number,
  fractionDigits: number,
  exponent = 40,
): fc.Arbitrary<{ text: string; value: string }> {
  const digits = (pattern: string): fc.Arbitrary<string> =>
    fc.stringMatching(new RegExp(`^${pattern}$`, "u"));
  return fc
    .record({
      sign: fc.constantFrom("", "-"),
      whole: digits(`(?:0|[1-9][0-9]{0,${wholeDigits - 1}})`),
      fraction: digits(`[0-9]{0,${fractionDigits}}`),
      mark: fc.constantFrom("e", "E", "e+"),
      power: fc.option(fc.integer({ min: -exponent, max: exponent })),
    })
    .map(({ sign, whole, fraction, mark, power }) => {
      const e = power === null ? "" : `${power < 0 ? "e" : mark}${power}`;
      const text = `${sign}${whole}${fraction === "" ? "" : "."}${fraction}${e}`;
      return { text, value: plain(sign, whole, fraction, power ?? 0) };
    });
}

test("gives back every decimal within bounds, the same value in plain notation, that came as a string or a literal", async () => {
  await fc.assert(
    fc.asyncProperty(decimals(40, 40), async ({ text, value }) => {
      for (const echo of [fromVariable(text), fromLiteral(JSON.stringify(text)), fromLiteral(text)])
        expect(await echo).toEqual({ value, error: undefined });
    }),
    { numRuns: 50 },
  );
});

test("takes a JSON number of up to 15 digits, which a double always holds", async () => {
  await fc.assert(
    fc.asyncProperty(decimals(8, 7, 15), async ({ text, value }) => {
      const integer = Number(text);
      fc.pre(!Number.isInteger(integer) || Number.isSafeInteger(integer));
      expect(await fromJsonNumber(text)).toEqual({ value, error: undefined });
    }),
    { numRuns: 50 },
  );
});

test("takes a JSON number with its very value, or refuses it", async () => {
  await fc.assert(
    fc.asyncProperty(decimals(25, 25), async ({ text, value }) => {
      const echo = await fromJsonNumber(text);
      if (echo.error === undefined) expect(echo.value).toBe(value);
      else
        expect(echo.error).toMatch(
          /more digits than a double holds.+as a string$|an exponent of at most 40$/u,
        );
    }),
    { numRuns: 200 },
  );
});

test.each(["-0", "-0.0", "0e5", "-0e-5", "0", "0.000"])("reads %s as 0, without a sign", async (text) => {
  for (const echo of [await fromVariable(text), await fromLiteral(text), await fromJsonNumber(text)]) {
    expect(echo).toEqual({ value: "0", error: undefined });
  }
});

describe("refuses, and says what it expects,", () => {
  const EXPECTED = /Decimal expects a decimal such as "1999\.90"/u;
  const NO_DECIMALS = [
    "",
    " ",
    " 1",
    "1\n",
    "1.",
    ".5",
    "--1",
    "+1",
    "1,000",
    "1.2.3",
    "0x10",
    "1e",
    "e1",
    "1e1.5",
  ];
  const TOO_LONG = ["1e400", "1e41", "1e-41", "1".repeat(41), `0.${"1".repeat(41)}`];
  test.each([...NO_DECIMALS, ...TOO_LONG, "NaN", "-Infinity", "null", "one", "١", "１"])(
    "the text %j",
    async (text) => {
      expect((await fromVariable(text)).error).toMatch(EXPECTED);
      expect((await fromLiteral(JSON.stringify(text))).error).toMatch(EXPECTED);
    },
  );

  test.each(["true", "ONE", "[1]", "{ value: 1 }", '"""one"""'])("the literal %s", async (literal) => {
    expect((await fromLiteral(literal)).error).toMatch(EXPECTED);
  });

  test.each([true, {}, ["1"], Number.NaN, Number.POSITIVE_INFINITY])("the variable %j", async (value) => {
    expect((await fromVariable(value)).error).toMatch(EXPECTED);
  });

  test.each(["-1e400", "1e-400", "1e22", "9007199254740993", "0.1000000000000000055"])(
    "the JSON number %s, which a double would round",
    async (text) => {
      expect((await fromJsonNumber(text)).error).toMatch(/more digits than a double holds/u);
    },
  );

  test("any other text", async () => {
    const NUMERIC = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;
    const near = fc.string({ unit: fc.constantFrom(...Array.from("0123456789.-+eE, _")) });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), near), async (text) => {
        fc.pre(!NUMERIC.test(text));
        expect((await fromVariable(text)).error).toMatch(EXPECTED);
      }),
      { numRuns: 50 },
    );
  });
});

test("never puts out what is not a decimal: a number of ours may have been rounded", async () => {
  const { errors } = await graphql({ schema, source: "{ number }" });
  expect(errors?.[0]?.message).toBe("Decimal cannot represent a value that is not a decimal");
  expect(DecimalScalar.serialize(new Decimal("1e21"))).toBe("1000000000000000000000");
});
