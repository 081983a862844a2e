import type { Decimal } from "./decimal.js";
import type { CancellationStatus } from "./status.js";

/** Why an input cannot be accepted, for programs. */
export const INVALID_INPUT_REASONS = [
  "REQUIRED",
  "BLANK",
  "TOO_SHORT",
  "TOO_LONG",
  "OUT_OF_RANGE",
  "TOO_MANY_DECIMALS",
  "DUPLICATE",
  "INVALID_CHARACTERS",
  "INVALID_FORMAT",
  "NOT_ALLOWED",
  "NOT_FOUND",
  "MISMATCH",
] as const;
export type InvalidInputReason = (typeof INVALID_INPUT_REASONS)[number];

/** What each kind of fault brings besides its field. None of it is a value of the caller. */
interface Details {
  // Texts.
  blank: { readonly max: number };
  tooLong: { readonly max: number };
  tooShort: { readonly min: number };
  unreadable: object;
  surroundingBlanks: object;
  /** As U+200B. */
  invisible: { readonly character: string };
  notNormalised: object;
  statesAccount: object;
  accountCharacters: object;
  accountTooShort: { readonly min: number; readonly max: number };
  accountTooLong: { readonly min: number; readonly max: number };
  accountWithoutDigit: object;
  // Numbers.
  notANumber: object;
  notPositive: { readonly min: Decimal };
  belowLeast: { readonly min: Decimal };
  aboveMost: { readonly max: Decimal };
  tooManyDecimals: { readonly max: number; readonly currencyCode: string };
  outOfRange: { readonly min: number; readonly max: number };
  // Lists.
  noItems: { readonly min: number; readonly max: number };
  tooManyItems: { readonly min: number; readonly max: number };
  duplicateSeq: { readonly firstItem: number };
  emptyList: object;
  tooManyOfThem: { readonly max: number };
  // Choices.
  notOneOf: { readonly choices: readonly string[] };
  notAFlag: object;
  notWhole: { readonly min: number; readonly max: number };
  notAMoment: object;
  notEncoded: object;
  notADecimal: object;
  notATimeZone: object;
  // Things that are there or not.
  storeRequired: object;
  storeUnknown: object;
  cancellationUnknown: object;
  notAnId: object;
  // Arguments beside each other.
  bothDirections: object;
  badCursor: object;
  cursorOfOtherOrder: { readonly order: string; readonly found: string };
  onlyOfCsv: object;
  unknownParameter: { readonly known: readonly string[] };
  repeatedParameter: object;
  repeatedGroup: { readonly group: string };
  severalPeriods: { readonly allowed: readonly string[] };
  besideIds: object;
  momentTooEarly: object;
  notAfter: { readonly other: string };
  lessThan: { readonly other: string };
  otherPrefix: { readonly other: string };
  severalCurrencies: { readonly currencies: readonly string[] };
  noStatusLeft: {
    readonly possible: readonly CancellationStatus[];
    readonly left: readonly CancellationStatus[];
  };
}

export type FaultKind = keyof Details;

/** An input that cannot be accepted: where, and what is wrong. It never quotes a value of the caller. */
export type Fault<Kind extends FaultKind = FaultKind> = {
  [K in Kind]: Details[K] & {
    readonly kind: K;
    /** Path of the input, such as `input.items.2.amount`; null when it is not about one. */
    readonly field: string | null;
  };
}[Kind];

export const REASONS: Readonly<Record<FaultKind, InvalidInputReason>> = {
  blank: "BLANK",
  tooLong: "TOO_LONG",
  tooShort: "TOO_SHORT",
  unreadable: "INVALID_CHARACTERS",
  surroundingBlanks: "INVALID_CHARACTERS",
  invisible: "INVALID_CHARACTERS",
  notNormalised: "INVALID_CHARACTERS",
  statesAccount: "NOT_ALLOWED",
  accountCharacters: "INVALID_CHARACTERS",
  accountTooShort: "TOO_SHORT",
  accountTooLong: "TOO_LONG",
  accountWithoutDigit: "INVALID_CHARACTERS",
  notANumber: "INVALID_FORMAT",
  notPositive: "OUT_OF_RANGE",
  belowLeast: "OUT_OF_RANGE",
  aboveMost: "OUT_OF_RANGE",
  tooManyDecimals: "TOO_MANY_DECIMALS",
  outOfRange: "OUT_OF_RANGE",
  noItems: "TOO_SHORT",
  tooManyItems: "TOO_LONG",
  duplicateSeq: "DUPLICATE",
  emptyList: "TOO_SHORT",
  tooManyOfThem: "TOO_LONG",
  notOneOf: "NOT_ALLOWED",
  notAFlag: "INVALID_FORMAT",
  notWhole: "INVALID_FORMAT",
  notAMoment: "INVALID_FORMAT",
  notEncoded: "INVALID_FORMAT",
  notADecimal: "INVALID_FORMAT",
  notATimeZone: "INVALID_FORMAT",
  storeRequired: "REQUIRED",
  storeUnknown: "NOT_FOUND",
  cancellationUnknown: "NOT_FOUND",
  notAnId: "INVALID_FORMAT",
  bothDirections: "NOT_ALLOWED",
  badCursor: "INVALID_FORMAT",
  cursorOfOtherOrder: "MISMATCH",
  onlyOfCsv: "NOT_ALLOWED",
  unknownParameter: "NOT_ALLOWED",
  repeatedParameter: "DUPLICATE",
  repeatedGroup: "DUPLICATE",
  severalPeriods: "NOT_ALLOWED",
  besideIds: "NOT_ALLOWED",
  momentTooEarly: "OUT_OF_RANGE",
  notAfter: "MISMATCH",
  lessThan: "MISMATCH",
  otherPrefix: "MISMATCH",
  severalCurrencies: "MISMATCH",
  noStatusLeft: "MISMATCH",
};

/** The path as a list, as GraphQL clients expect it. */
export function pathOf(field: string | null): readonly string[] | null {
  return field === null ? null : field.split(".");
}
