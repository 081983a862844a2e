import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hintOf } from "../../src/ebp/secret-hint.js";
import { accountNumberPattern, namePattern } from "../../src/ebp/secret-pattern.js";

const BLOCK = 64;
const LAST = 0x10ffff;
const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

const secrets = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).map((text) => text.trim());
const noise = fc.string({ maxLength: 10, unit: "grapheme" });
/** How a secret may be changed on its way, one character at a time. */
const CHANGES: readonly ((character: string) => string)[] = [
  (character) => character,
  (character) => character.toUpperCase(),
  (character) => character.toLowerCase(),
  (character) => `${character} `,
  (character) => `-${character}`,
  (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  (character) => `&#${character.codePointAt(0)};`,
  (character) => encodeURIComponent(character),
];

describe("a hint is given wherever the pattern finds the secret", () => {
  test("in any case of any character", () => {
    for (let from = 0; from <= LAST; from += BLOCK) {
      const characters = Array.from({ length: BLOCK }, (_, index) => from + index)
        .filter((code) => !isSurrogate(code))
        .map((code) => String.fromCodePoint(code));
      const mayBeIn = hintOf([characters.join("")]);
      for (const change of CHANGES.slice(0, 3)) {
        const text = characters.map(change).join("");
        expect(`${from} ${mayBeIn(`before ${text} after`)}`).toBe(`${from} true`);
      }
    }
  });

  test("however it is changed on its way", () => {
    fc.assert(
      fc.property(
        secrets.filter((text) => text !== ""),
        fc.infiniteStream(fc.nat({ max: CHANGES.length - 1 })),
        noise,
        noise,
        (secret, changes, before, after) => {
          const changed = Array.from(secret, (character) => {
            const { value } = changes.next();
            return CHANGES[value ?? 0]?.(character);
          }).join("");
          const text = `${before}${changed}${after}`;
          const found = [namePattern(secret), accountNumberPattern(secret)].some(({ whole }) =>
            new RegExp(whole, "u").test(text),
          );
          if (found) expect(hintOf(["another", secret])(text)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("in another normal form", () => {
    expect(hintOf(["홍길동"])("홍길동".normalize("NFD"))).toBe(true);
    expect(hintOf(["홍길동".normalize("NFD")])("홍길동")).toBe(true);
  });
});

test("an answer without the secret gives none, so no pattern is prepared for it", () => {
  const answer = '{"resultCode":"0","message":"SUCCESS","data":{"orderNo":"ORD20251224001","amount":2000.0}}';
  expect(hintOf(["1234567890", "John Doe"])(answer)).toBe(false);
});

test("where anything is escaped, nothing is ruled out", () => {
  for (const text of ["\\n", "a&amp;b", "100%"]) expect(hintOf(["1234567890"])(text)).toBe(true);
});
