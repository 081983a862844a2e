import fc from "fast-check";

/** One of every class of characters that a reader treats as something of its own. Repeated, they are what makes a careless pattern slow. */
export const UNITS = [
  ...'\\ " \' ` { [ ( {} [] [1, {"a": < <!-- & &#x1 &amp; % %41 %C3'.split(" "),
  ..."0 9 1. 1e1 - + = , . : ; / ../ $ ${ | * .* (a+)+ ? # @ _ ! a@ 1-2".split(" "),
  ..."a A Z9 가 각 é e\u0301 ß İ \u0130 日 ー 😀 👩\u200d👩 ﬁ Å \\u0041 \\\\/ T00:00:00Z __proto__ null true".split(
    " ",
  ),
  ...["한 ", "a b ", "query ", " ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\u2060", "\ufeff"],
  ...["\u00ad", "\u202e", "\ufe0f", "\u115f", "\u0000", "\u0001", "\u007f", "\u0085", "\ud800", "\udc00"],
  ...["\ufffd", "\uffff"],
];

/** So many bytes of one unit, at most. */
export function repeated(unit: string, bytes: number): string {
  return unit.repeat(Math.max(1, Math.floor(bytes / Buffer.byteLength(unit))));
}

/** Short ones of every kind, and long ones of one or two units. */
export function hostileText(maxBytes: number): fc.Arbitrary<string> {
  const unit = fc.constantFrom(...UNITS);
  const length = fc.oneof(fc.nat(64), fc.nat(2_000), fc.nat(maxBytes));
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(unit, length).map(([one, bytes]) => repeated(one, bytes)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(unit, unit, length, length)
        .map(([one, other, some, more]) => repeated(one, some / 2) + repeated(other, more / 2)),
    },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
    { weight: 1, arbitrary: fc.array(unit, { maxLength: 200 }).map((units) => units.join("")) },
  );
}

/** What a value in JSON may be, apart from what is expected. */
export function hostileJson(maxBytes: number): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 4, arbitrary: hostileText(maxBytes) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
    { weight: 1, arbitrary: fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, true, 1e300, -0)) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((depth) => nested(depth)) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(5_000), hostileText(20)).map(([n, text]) => Array(n).fill(text)),
    },
  );
}

/** As JSON text: the stack would not take it otherwise. */
export class RawJson {
  constructor(readonly text: string) {}
}

function nested(depth: number): RawJson {
  return new RawJson("[".repeat(depth) + "]".repeat(depth));
}

/** JSON.stringify, with raw texts in it. */
export function toJson(value: object): string {
  const raws: string[] = [];
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (!(each instanceof RawJson)) return each;
    raws.push(each.text);
    return `raw-json-${raws.length - 1}-`;
  });
  return raws.reduce((rest, raw, index) => rest.replace(`"raw-json-${index}-"`, () => raw), text);
}

/** What one input may cost. */
export const MOST_CPU_MS_PER_100_KB = 50;
const TRIES = 12;

/**
 * The least CPU of this process for this work: a collection of garbage, or the compiler, may fall into one try and not into all. Ends
 * with the first try within the bound.
 */
export async function cpuMs(withinMs: number, work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES && least > withinMs; tried += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

export function boundFor(bytes: number): number {
  return MOST_CPU_MS_PER_100_KB * Math.max(1, bytes / 100_000);
}
