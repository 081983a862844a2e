import { Decimal } from "../decimal.js";
import { MAX_ACCOUNT_NUMBER_LENGTH } from "../limits.js";
import type { RefundAccount } from "./cancel-request.js";
import { matchesAt, MIN_TELLING_SYLLABLES, nameSearch } from "./holder-name.js";
import { isOfSyllables, lettersAndDigits, onlyLettersAndDigits, plainText } from "./written-text.js";

/**
 * From this many letters and digits on, a number is the account's wherever they follow each other: so many do not meet by
 * chance. Shorter ones stand in prices and order numbers, and have to stand for themselves. Hardly a bank has any.
 */
const MIN_LENGTH_ANYWHERE = 7;

/** In a key or an amount, which are made of digits anyway: a phone number, as some banks give out for accounts, has more. */
const MIN_LENGTH_IN_DIGITS = 10;

/** Not as a part of a word or of a larger number, nor as an amount: 1,234 and 1234원 are not the account 1234. */
const BEFORE_A_NUMBER = /(?<![\p{L}\p{M}\p{N}])(?<!\p{N}[.,-])/uy;
const AFTER_A_NUMBER = /(?![\p{N}\p{Script=Latin}원])(?![.,-]\p{N})/uy;

/** Looks for one refund account in many texts. */
export interface AccountSearch {
  /** Whether a text that people write gives the account away, however they group or write it. */
  holds(text: string): boolean;
  /** Whether an order number or the like, which the caller has not chosen, is the number, or has the name: parts of a number are honest. */
  isAll(identifier: string): boolean;
  /** Whether a key or the like, which callers make up, gives the account away. */
  isIdentifiedBy(identifier: string): boolean;
  /** Whether a quantity or an amount is, written out, the account's number and nothing else. */
  isNumber(value: Decimal | number): boolean;
}

export function holdsAccount(text: string, account: RefundAccount | null): boolean {
  return account !== null && searchFor(account).holds(text);
}

/** An account that broke the rules has no bounds, nor has the work of looking for it: it is never looked for. */
export function searchFor(account: RefundAccount): AccountSearch {
  const name = plainText(account.accountHolderName ?? "");
  const holder = onlyLettersAndDigits(name);
  const hasName = nameSearch(name);
  const isSeveralWords = /\s/u.test((account.accountHolderName ?? "").trim());
  const isWhole = isOfSyllables(holder) && holder.length >= MIN_TELLING_SYLLABLES;
  const hasTellingName = isSeveralWords || isWhole ? hasName : null;
  const numbers = numbersOf(account);
  const amounts = new Set(numbers.map(withoutZeros).filter(({ length }) => length >= MIN_LENGTH_IN_DIGITS));
  const isAll = (identifier: string): boolean => {
    const plain = plainText(identifier);
    const run = onlyLettersAndDigits(plain);
    return (holder.length > 1 && run === holder) || numbers.includes(run) || hasTellingName?.(plain) === true;
  };

  return {
    holds(text) {
      const plain = plainText(text);
      const run = onlyLettersAndDigits(plain);
      return (
        numbers.some((number) => isIn(run, number) || standsForItself(plain, number)) ||
        hasName?.(plain) === true
      );
    },
    isAll,
    isIdentifiedBy(identifier) {
      const run = lettersAndDigits(identifier);
      const isInKey = numbers.some((number) => number.length >= MIN_LENGTH_IN_DIGITS && run.includes(number));
      return isInKey || isAll(identifier);
    },
    isNumber: (value) => amounts.size > 0 && !isShort(value) && amounts.has(inDigits(value)),
  };
}

/** As it is, without the letters of an IBAN, and as both are after they have been read as a number. */
function numbersOf({ accountNumber }: RefundAccount): string[] {
  const number = lettersAndDigits(accountNumber);
  const digits = number.replace(/\D/gu, "");
  const shorter = [withoutZeros(number), digits, withoutZeros(digits)];
  return number === "" ? [] : [...new Set([number, ...shorter.filter(isLong)])];
}

function isLong(number: string): boolean {
  return withoutZeros(number).length >= MIN_LENGTH_ANYWHERE;
}

function isIn(lettersOrDigits: string, number: string): boolean {
  return number.length >= MIN_LENGTH_ANYWHERE && lettersOrDigits.includes(number);
}

function standsForItself(plain: string, number: string): boolean {
  // A longer one has been found wherever it is.
  if (number.length >= MIN_LENGTH_ANYWHERE) return false;
  const first = number.charAt(0);
  for (let at = plain.indexOf(first); at !== -1; at = plain.indexOf(first, at + 1)) {
    const end = endOfNumber(plain, at, number);
    if (end !== null && matchesAt(BEFORE_A_NUMBER, plain, at) && matchesAt(AFTER_A_NUMBER, plain, end))
      return true;
  }
  return false;
}

/** Where the number ends that begins here, perhaps with single hyphens in it; null if it does not begin here. */
function endOfNumber(plain: string, start: number, number: string): number | null {
  let at = start;
  for (const [index, digit] of Array.from(number).entries()) {
    if (index > 0 && plain.charAt(at) === "-") at += 1;
    if (plain.charAt(at) !== digit) return null;
    at += 1;
  }
  return at;
}

/** Of fewer digits than any number that is looked for. */
function isShort(value: Decimal | number): boolean {
  return typeof value === "number"
    ? Math.abs(value) < 10 ** (MIN_LENGTH_IN_DIGITS - 1)
    : value.e + 1 < MIN_LENGTH_IN_DIGITS;
}

/** Without zeros before it. Nothing for what has more digits than any account: written out it could fill the memory. */
function inDigits(value: Decimal | number): string {
  const amount = typeof value === "number" ? new Decimal(value) : value;
  return amount.isInteger() && amount.e <= MAX_ACCOUNT_NUMBER_LENGTH ? withoutZeros(amount.toFixed()) : "";
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/u, "");
}
