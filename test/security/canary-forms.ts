/** A refund account that stands nowhere else, to be looked for. */
export interface Canary {
  readonly accountNumber: string;
  readonly accountHolderName: string;
}

/** As the API takes it. */
export function accountOf({ accountNumber, accountHolderName }: Canary): object {
  return { accountNumber, bankCode: "088", accountHolderName };
}

/** Where a piece of a canary was found, and in which form. */
export interface Hit {
  readonly piece: string;
  readonly form: string;
}

type Form = readonly [name: string, write: (text: string) => readonly string[]];

const inner = (text: string): string => JSON.stringify(text).slice(1, -1);
const escapes = (text: string, only: RegExp): string =>
  Array.from({ length: text.length }, (_, at) => text.charAt(at))
    .map((unit) => (only.test(unit) ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : unit))
    .join("");
const upperDigits = (text: string): string =>
  text.replace(/(?<=\\u)[\da-f]{4}/gu, (digits) => digits.toUpperCase());
const hex = (text: string, before: string): string =>
  [...Buffer.from(text)].map((byte) => before + byte.toString(16).padStart(2, "0")).join("");

/** The characters of base64 that these bytes alone decide, when they stand `offset` bytes into a group of three. */
function base64(text: string, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const [first, last] = [Math.ceil((offset * 8) / 6), Math.floor((encoded.length * 8) / 6)];
  return encoded.toString("base64").slice(first, last);
}

/** How one text can be written down. A form may have several spellings. */
const ALL_FORMS: readonly Form[] = [
  [
    "plain",
    (text) => [text, text.toLowerCase(), text.toUpperCase(), text.normalize("NFC"), text.normalize("NFD")],
  ],
  ["base64", (text) => [0, 1, 2].map((offset) => base64(text, offset))],
  [
    "base64url",
    (text) => [0, 1, 2].map((offset) => base64(text, offset).replaceAll("+", "-").replaceAll("/", "_")),
  ],
  ["hex", (text) => [hex(text, ""), hex(text, "").toUpperCase()]],
  ["JSON", (text) => [inner(text), inner(inner(text)), inner(inner(inner(text)))]],
  [
    "JSON with \\u",
    (text) =>
      [escapes(text, /[\s\S]/u), escapes(inner(text), /[^\x20-\x7e]/u)].flatMap((escaped) => [
        escaped,
        upperDigits(escaped),
        inner(escaped),
        inner(upperDigits(escaped)),
      ]),
  ],
  [
    "URL",
    (text) => {
      const encoded = encodeURIComponent(text);
      const lower = encoded.replace(/%[\dA-F]{2}/gu, (found) => found.toLowerCase());
      const all = hex(text, "%");
      return [
        encoded,
        lower,
        encoded.replaceAll("%20", "+"),
        lower.replaceAll("%20", "+"),
        all,
        all.toUpperCase(),
      ];
    },
  ],
  [
    "HTML",
    (text) => [
      Array.from(text, (character) => `&#${character.codePointAt(0)};`).join(""),
      Array.from(text, (character) => `&#x${character.codePointAt(0)?.toString(16)};`).join(""),
      text
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll('"', "&quot;")
        .replaceAll("'", "&#39;"),
    ],
  ],
  ["UTF-16", (text) => [Buffer.from(text, "utf16le").toString("latin1")]],
];

/** Every form by its name. */
export const FORMS: ReadonlyMap<string, Form[1]> = new Map(ALL_FORMS);

/** So many characters of a number in a row are no accident in some megabytes of hexadecimal digits. */
const PIECE_OF_NUMBER = 10;
/** A shorter word of a name could stand in base64 by accident. */
const MIN_WORD_BYTES = 6;

/** What must not be found: the number as given and as sent, pieces of it, the name, and its words. */
export function piecesOf({ accountNumber, accountHolderName }: Canary): string[] {
  const number = squashed(accountNumber);
  const windows = Array.from({ length: Math.max(0, number.length - PIECE_OF_NUMBER + 1) }, (_, at) =>
    number.slice(at, at + PIECE_OF_NUMBER),
  );
  const words = accountHolderName
    .split(/[^\p{L}]+/u)
    .filter((word) => Buffer.byteLength(word) >= MIN_WORD_BYTES);
  return [...new Set([accountNumber.trim(), number, ...windows, accountHolderName, ...words])];
}

function squashed(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, "");
}

interface Needle extends Hit {
  readonly bytes: Buffer;
}

const NEEDLES = new WeakMap<Canary, readonly Needle[]>();

function needlesOf(canary: Canary): readonly Needle[] {
  const known = NEEDLES.get(canary);
  if (known !== undefined) return known;
  const needles = piecesOf(canary).flatMap((piece) =>
    ALL_FORMS.flatMap(([form, write]) =>
      [...new Set(write(piece))].map((text) => ({
        piece,
        form,
        bytes: Buffer.from(text, form === "UTF-16" ? "latin1" : "utf8"),
      })),
    ),
  );
  NEEDLES.set(canary, needles);
  return needles;
}

/** Between the digits of a number that was grouped, or made a pattern of: `9-?8-?7`. */
const MAX_SIGNS_BETWEEN = 3;
const SPREAD = new WeakMap<Canary, RegExp>();

/** Any piece of the number with a few signs between its characters; an escape such as \n is one. */
function spreadOf(canary: Canary): RegExp {
  const known = SPREAD.get(canary);
  if (known !== undefined) return known;
  const number = squashed(canary.accountNumber);
  const between = `(?:[^\\p{L}\\p{N}]|\\\\[a-z]){0,${MAX_SIGNS_BETWEEN}}`;
  const windows = Array.from({ length: number.length - PIECE_OF_NUMBER + 1 }, (_, at) =>
    Array.from(number.slice(at, at + PIECE_OF_NUMBER)).join(between),
  );
  const pattern = new RegExp(windows.join("|"), "iu");
  SPREAD.set(canary, pattern);
  return pattern;
}

/** Looks for every piece of the canaries, in every form; and for the numbers however they are grouped, and spread. */
export function hitsIn(hay: Buffer | string, canaries: readonly Canary[]): Hit[] {
  const haystack = Buffer.from(hay as string);
  const text = haystack.toString("utf8");
  const grouped = Buffer.from(squashed(text).toLowerCase());
  return canaries.flatMap((canary) => {
    const number = squashed(canary.accountNumber);
    const found = needlesOf(canary).filter(({ bytes }) => haystack.includes(bytes));
    const written = [number, number.replace(/^0+/u, "")].filter((each) =>
      grouped.includes(each.toLowerCase()),
    );
    return [
      ...found.map(({ piece, form }) => ({ piece, form })),
      ...written.map((piece) => ({ piece, form: "grouped" })),
      ...(spreadOf(canary).test(text) ? [{ piece: number, form: "spread" }] : []),
    ];
  });
}
