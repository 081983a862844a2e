import type { RefundAccount } from "./cancel-request.js";
import { isOfSyllables, lettersAndDigits, plainText } from "./written-text.js";

/**
 * From this many letters and digits on, a number is the account's wherever they follow each other: so many do not meet by
 * chance. Shorter ones stand in prices and order numbers, and have to stand for themselves. Hardly a bank has any.
 */
const MIN_LENGTH_ANYWHERE = 7;
/** So many syllables of a Korean, Chinese or Japanese name are no part of another word; two are of many. */
const MIN_SYLLABLES_ANYWHERE = 3;

/** What follows a Korean name without a blank: how one addresses people, and particles. */
const AFTER_A_NAME = "(?:고객)?(?:님|씨)?(?:께서|에게|한테|으로|이|가|은|는|을|를|의|께|와|과|도|로)?";
const NOT_IN_A_WORD = { before: "(?<![\\p{L}\\p{M}\\p{N}])", after: "(?![\\p{L}\\p{M}\\p{N}])" };

/** Whether a text that people write gives the account away, however they group or write it. */
export function holdsAccount(text: string, account: RefundAccount | null): boolean {
  if (account === null) return false;
  return holdsNumber(text, account) || namePattern(account)?.test(plainText(text)) === true;
}

/**
 * Whether an order number, a key or the like gives the account away. Whoever sends it may not have chosen it: what is short,
 * or a single word, is taken for the account only when it is all there is.
 */
export function identifiesAccount(identifier: string, account: RefundAccount | null): boolean {
  if (account === null) return false;
  const plain = lettersAndDigits(identifier);
  const holder = lettersAndDigits(account.accountHolderName ?? "");
  if (holder.length > 1 && plain === holder) return true;
  if (numbersOf(account).some((number) => plain === number || isIn(plain, number))) return true;
  const isSeveralWords = /\s/u.test((account.accountHolderName ?? "").trim());
  const isWhole = isOfSyllables(holder) && holder.length >= MIN_SYLLABLES_ANYWHERE;
  return (isSeveralWords || isWhole) && namePattern(account)?.test(plainText(identifier)) === true;
}

/** Whether a quantity or an amount, written out, is the account's number and nothing else. */
export function isAccountNumber(digits: string, account: RefundAccount | null): boolean {
  if (account === null) return false;
  const amount = withoutZeros(digits);
  return numbersOf(account).some((number) => withoutZeros(number) === amount && isLong(number));
}

function holdsNumber(text: string, account: RefundAccount): boolean {
  const all = lettersAndDigits(text);
  return numbersOf(account).some((number) => isIn(all, number) || standsForItself(plainText(text), number));
}

/** As it is, without the letters of an IBAN, and as both are after they have been read as a number. */
function numbersOf({ accountNumber }: RefundAccount): string[] {
  const number = lettersAndDigits(accountNumber);
  const digits = number.replace(/\D/gu, "");
  const shorter = [withoutZeros(number), digits, withoutZeros(digits)];
  return number === "" ? [] : [number, ...shorter.filter(isLong)];
}

function isLong(number: string): boolean {
  return withoutZeros(number).length >= MIN_LENGTH_ANYWHERE;
}

function isIn(lettersOrDigits: string, number: string): boolean {
  return number.length >= MIN_LENGTH_ANYWHERE && lettersOrDigits.includes(number);
}

/** Not as a part of a word or of a larger number, nor as an amount: 1,234 and 1234원 are not the account 1234. */
function standsForItself(plain: string, number: string): boolean {
  const grouped = Array.from(number, escaped).join("-?");
  const [before, after] = [
    "(?<![\\p{L}\\p{M}\\p{N}])(?<!\\p{N}[.,-])",
    "(?![\\p{N}\\p{Script=Latin}원])(?![.,-]\\p{N})",
  ];
  return new RegExp(`${before}${grouped}${after}`, "u").test(plain);
}

/**
 * Finds the holder's name in plain text: on the borders of words, in either order of its parts. Null for a name of single letters,
 * which the mask shows in full.
 */
function namePattern({ accountHolderName }: RefundAccount): RegExp | null {
  const parts = plainText(accountHolderName ?? "").match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const { before, after } = NOT_IN_A_WORD;
  const joined = parts.join("");
  const length = Array.from(joined).length;
  if (length < 2) return null;
  if (isOfSyllables(joined)) {
    const isWhole = length >= MIN_SYLLABLES_ANYWHERE;
    const syllables = Array.from(joined, escaped).join(isWhole ? "[^\\p{L}\\p{M}\\p{N}]{0,4}" : "\\s?");
    return new RegExp(isWhole ? syllables : `${before}${syllables}${AFTER_A_NAME}${after}`, "u");
  }
  if (parts.every((part) => Array.from(part).length === 1)) return null;
  const orders = [parts, [...parts].reverse()].map((words) =>
    words.map(escaped).join("[^\\p{L}\\p{M}\\p{N}]{1,4}"),
  );
  return new RegExp(`${before}(?:${orders.join("|")})${AFTER_A_NAME}${after}`, "u");
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/u, "");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/gu, "\\$&");
}
