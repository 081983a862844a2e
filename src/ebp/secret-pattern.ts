/**
 * Sources of regular expressions, for the flag `u`, that find one secret in text somebody else wrote. Upper and lower
 * case are spelled out: with the flag `i`, preparing an expression takes V8 several milliseconds, at every cancel.
 */
export interface SecretPattern {
  /** The secret from its first to its last character. */
  readonly whole: string;
  /** A text's end that is the beginning of the secret. */
  readonly beginningAtEnd: string;
}

/** Text may be JSON inside a JSON string; more than two layers of escaping are not seen in practice. */
const BACKSLASHES = String.raw`\\{1,4}`;
/** People and systems group the digits of an account number. */
const GROUPING = String.raw`[\s-]{0,3}`;
/** What a cut leaves of the last character: part of an escape, or of a UTF-8 sequence as replacement characters. */
const CUT_CHARACTER = String.raw`(?:\\{1,4}(?:u[\dA-Fa-f]{0,3})?|&[#\dA-Za-z]{0,8}|%[\dA-Fa-f]{0,2}|\uFFFD{1,3})?`;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': String.raw`\\{1,8}"`,
  "\\": String.raw`\\{2,8}`,
  "/": String.raw`\\{1,4}/`,
  "'": String.raw`\\{1,4}'`,
};
const NAMED_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
/** Of a number that is not empty. Also finds it grouped by spaces or hyphens, and without its leading zeros. */
export function accountNumberPattern(accountNumber: string): SecretPattern {
  return patternOf([Array.from(accountNumber, characterForms)], GROUPING);
}

/** Of a name that is not empty. Finds it in either Unicode normal form, and with other white space between its parts. */
export function namePattern(name: string): SecretPattern {
  const spellings = new Set([name, name.normalize("NFC"), name.normalize("NFD")]);
  return patternOf(
    [...spellings].map((spelling) =>
      [...spelling.matchAll(/\s+|\S/gsu)].map(([found]) =>
        /\s/u.test(found) ? whiteSpaceForms(found) : characterForms(found),
      ),
    ),
    "",
  );
}

/** `spellings`: for each way to write the secret, the pattern of each of its characters. */
function patternOf(spellings: readonly (readonly string[])[], between: string): SecretPattern {
  const wholes = spellings.map((characters) => characters.join(between));
  const beginnings = spellings.map((characters) =>
    characters.reduceRight((rest, character) => `${character}${rest && `(?:${between}${rest})?`}`, ""),
  );
  return {
    whole: `(?:${wholes.join("|")})`,
    beginningAtEnd: `(?:${beginnings.join("|")})${between}${CUT_CHARACTER}$`,
  };
}

/** No two alternatives match the same text: repeated, they would be tried in every combination. */
function whiteSpaceForms(space: string): string {
  const characters = new Set([" ", "\u00a0", ...Array.from(space)]);
  const forms = [String.raw`\s`, String.raw`\+`, "&nbsp;", `${BACKSLASHES}[nrt]`];
  for (const character of characters) forms.push(...escapedForms(character));
  return `(?:${forms.join("|")}){1,${Math.max(4, space.length)}}`;
}

/** The character as it is, in either case, and escaped for JSON, HTML and URLs. */
function characterForms(character: string): string {
  const cases = new Set([character, character.toLowerCase(), character.toUpperCase()]);
  const forms = [SHORT_ESCAPES[character], NAMED_ENTITIES[character]].filter((form) => form !== undefined);
  for (const each of cases) forms.push(literally(each), ...escapedForms(each));
  return `(?:${forms.join("|")})`;
}

/** Of one character; the upper case of some characters is two. */
function escapedForms(text: string): string[] {
  const characters = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return [
    units.map((unit) => `${BACKSLASHES}u${hex(unit, 4)}`).join(""),
    characters.map((character) => `&#0{0,4}${character};`).join(""),
    characters.map((character) => `&#[Xx]0{0,4}${hex(character, 1)};`).join(""),
    [...Buffer.from(text, "utf8")].map((byte) => `%${hex(byte, 2)}`).join(""),
  ];
}

function literally(text: string): string {
  return Array.from(text, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`).join("");
}

/** Hexadecimal digits in either case. */
function hex(value: number, minLength: number): string {
  const digits = value.toString(16).padStart(minLength, "0");
  return digits.replace(/[a-f]/gu, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
