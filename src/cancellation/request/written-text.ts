/** However a text is written: full-width digits, capitals, a decomposed Korean syllable, characters that nobody sees. */
export function plainText(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .toLowerCase()
    .normalize("NFC");
}

export function lettersAndDigits(text: string): string {
  return onlyLettersAndDigits(plainText(text));
}

/** The same of a text that is plain already. */
export function onlyLettersAndDigits(plain: string): string {
  return plain.replace(/[^\p{L}\p{N}]+/gu, "");
}

/** In a script that is written without blanks between words, or with particles at their end: blanks in a name mean nothing there. */
export function isOfSyllables(name: string): boolean {
  return /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\s]+$/u.test(name);
}
