import { isOfSyllables } from "./written-text.js";

/** So many syllables of a Korean, Chinese or Japanese name tell who somebody is; two are many a word. */
export const MIN_TELLING_SYLLABLES = 3;
const MIN_SYLLABLES_ANYWHERE = 5;
/** What stands between the parts of a name, such as a comma and a line break. What is farther apart is not one name. */
const MAX_GAP = 4;

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const GAP = /[^\p{L}\p{M}\p{N}]+/gu;
const BEFORE_A_WORD = /(?<![\p{L}\p{M}\p{N}])/uy;
/** What follows a Korean name without a blank: how one addresses people, and particles. */
const AFTER_A_NAME =
  /(?:고객)?(?:님|씨)?(?:께서|에게|한테|으로|이|가|은|는|을|를|의|께|와|과|도|로)?(?![\p{L}\p{M}\p{N}])/uy;

/** Whether a plain text holds a name. */
export type NameSearch = (plain: string) => boolean;

/**
 * Finds the name, given as plain text, on the borders of words, in either order of its parts. Null for a name of single letters,
 * which the mask shows in full, and for a single word in Latin letters: Will, May and LG stand in many an honest note. Only texts are compared: a pattern made of a name would be quoted in the error of an engine that
 * cannot take it.
 */
export function nameSearch(name: string): NameSearch | null {
  const parts = name.match(WORD) ?? [];
  const joined = parts.join("");
  const letters = Array.from(joined);
  if (letters.length < 2) return null;
  if (isOfSyllables(joined)) {
    // Written without blanks at all, or too long to stand in other words by chance, as parts of Korean words do.
    const standsAnywhere = letters.length >= MIN_TELLING_SYLLABLES && !/\p{Script=Hangul}/u.test(joined);
    if (standsAnywhere || letters.length >= MIN_SYLLABLES_ANYWHERE)
      return (plain) => withGaps(plain, "").includes(joined);
    const spellings = [joined, parts.join(" "), letters.join(" ")];
    return (plain) => standsIn(plain.replace(/\s+/gu, " "), spellings);
  }
  if (parts.length === 1 || parts.every((part) => Array.from(part).length === 1)) return null;
  const orders = [parts.join(" "), [...parts].reverse().join(" ")];
  return (plain) => standsIn(withGaps(plain, " "), orders);
}

/** What stands between words, written in one way: so a name can be looked for as it is. */
function withGaps(plain: string, gap: string): string {
  return plain.replace(GAP, (found) => (Array.from(found).length <= MAX_GAP ? gap : "\n"));
}

function standsIn(text: string, names: readonly string[]): boolean {
  return names.some((name) => {
    for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
      if (matchesAt(BEFORE_A_WORD, text, at) && matchesAt(AFTER_A_NAME, text, at + name.length)) return true;
    }
    return false;
  });
}

/** Of a sticky pattern. */
export function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}
