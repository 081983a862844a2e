import { describe, expect, test } from "@jest/globals";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import {
  type Fault,
  type FaultKind,
  INVALID_INPUT_REASONS,
  REASONS,
} from "../../src/cancellation/model/fault.js";
import { FAILURE_CAUSES } from "../../src/cancellation/model/outcome.js";
import { LANGUAGES } from "../../src/cancellation/model/payment-gateway.js";
import { CANCELLATION_STATUSES } from "../../src/cancellation/model/status.js";
import {
  amountMismatch,
  errorsOf,
  inProgress,
  keyReused,
  notInDoubt,
  notYetFailed,
  RESOLUTION_OBSTACLES,
  totalChanged,
  type UserError,
  USER_ERROR_CODES,
} from "../../src/cancellation/model/user-error.js";
import {
  chooseLanguage,
  describeFault,
  describeUserError,
  MESSAGES,
  type Messages,
  type Refusals,
} from "../../src/messages/messages.js";
import { after, cancellation } from "../helpers/cancellations.js";
import { STORE } from "../helpers/ledger.js";

type Details<Kind extends FaultKind> = Omit<Fault<Kind>, "kind" | "field">;

/** What each kind of fault may bring. A kind that is missing here does not compile. */
const FAULTS: { readonly [Kind in FaultKind]: readonly Details<Kind>[] } = {
  blank: [{ max: 255 }],
  tooLong: [{ max: 255 }],
  tooShort: [{ min: 3 }],
  unreadable: [{}],
  surroundingBlanks: [{}],
  invisible: [{ character: "U+200B" }],
  notNormalised: [{}],
  statesAccount: [{}],
  accountCharacters: [{}],
  accountTooShort: [{ min: 4, max: 34 }],
  accountTooLong: [{ min: 4, max: 34 }],
  accountWithoutDigit: [{}],
  notANumber: [{}],
  notPositive: [{ min: new Decimal(0) }, { min: new Decimal("0.01") }],
  belowLeast: [{ min: new Decimal(0) }, { min: new Decimal("0.01") }],
  aboveMost: [{ max: new Decimal("999999999999999.9999") }],
  tooManyDecimals: [
    { max: 0, currencyCode: "KRW" },
    { max: 2, currencyCode: "USD" },
    { max: 4, currencyCode: "" },
  ],
  outOfRange: [{ min: 5, max: 100 }],
  noItems: [{ min: 1, max: 500 }],
  tooManyItems: [{ min: 1, max: 500 }],
  duplicateSeq: [{ firstItem: 6 }],
  emptyList: [{}],
  tooManyOfThem: [{ max: 100 }],
  notOneOf: [{ choices: CANCELLATION_STATUSES }],
  notAFlag: [{}],
  notWhole: [{ min: 5, max: 100 }],
  notAMoment: [{}],
  notEncoded: [{}],
  onlyOfCsv: [{}],
  notADecimal: [{}],
  notATimeZone: [{}],
  storeRequired: [{}],
  storeUnknown: [{}],
  cancellationUnknown: [{}],
  notAnId: [{}],
  bothDirections: [{}],
  badCursor: [{}],
  cursorOfOtherOrder: [{ order: "CREATED_AT ASC", found: "CREATED_AT DESC" }],
  unknownParameter: [{ known: ["storeIds", "statuses"] }],
  repeatedParameter: [{}],
  repeatedGroup: [{ group: "STORE" }],
  severalPeriods: [{ allowed: ["DAY", "WEEK", "MONTH"] }],
  besideIds: [{}],
  momentTooEarly: [{}],
  notAfter: [{ other: "createdFrom" }],
  lessThan: [{ other: "amountFrom" }],
  otherPrefix: [{ other: "orderNoPrefix" }],
  severalCurrencies: [{ currencies: ["KRW", "USD"] }],
  noStatusLeft: [{ possible: ["SUCCEEDED", "FAILED"], left: ["PENDING", "UNKNOWN"] }],
};
const KINDS = Object.keys(FAULTS) as FaultKind[];
const ALL_FAULTS = KINDS.flatMap((kind) =>
  FAULTS[kind].map((details) => ({ kind, field: "input.orderNo", ...details }) as Fault),
);

const [HELD, WON] = [new Decimal(300), new Decimal(1000)];
const OF_EACH_STATUS = CANCELLATION_STATUSES.map((status) => cancellation(status));
const FAILED_OTHERWISE = (["NOT_SENT", "NOT_CANCELLED"] as const).map((failureKind) =>
  cancellation("FAILED", { failureKind, safeToRetry: true }),
);
const CONTRADICTED = cancellation("FAILED", { failureKind: "NOT_CANCELLED", safeToRetry: false });
const BY_EBP = cancellation("FAILED", {
  failure: { cause: "REJECTED", resultCode: "EBP-C-0010", ebpMessage: "no", details: [] },
});
const USER_ERRORS: readonly UserError[] = [
  ...[...OF_EACH_STATUS, ...FAILED_OTHERWISE, CONTRADICTED, BY_EBP].flatMap(errorsOf),
  ...errorsOf(cancellation("UNKNOWN", { nextCheckAt: null })),
  ...OF_EACH_STATUS.flatMap((one) => [keyReused(one), notInDoubt(one)]),
  ...OF_EACH_STATUS.flatMap((one) => [inProgress(one, one.orderNo), inProgress(one, "ord-1")]),
  amountMismatch({ ...STORE, amountBasis: "unit" }, HELD, WON),
  amountMismatch({ ...STORE, amountBasis: "line" }, HELD, WON),
  totalChanged(HELD, WON),
  notYetFailed(RESOLUTION_OBSTACLES, after(60_000)),
  notYetFailed(["SETTLING"], null),
];

type Worded = { [Name in keyof Refusals]: Refusals[Name] extends string ? never : Name }[keyof Refusals];
/** Arguments for each refusal that takes some, each another number. One that is missing here does not compile. */
const ARGUMENTS: { readonly [Name in Worded]: Parameters<Exclude<Refusals[Name], string>> } = {
  sendingHeld: [12],
  overloaded: [12],
  databaseBusy: [true, 12],
  tooManyRefused: [12],
  mutationsNever: [12, 34],
  mutationsLimited: [12, 34, 56],
  queryNever: [12, 34],
  queryLimited: [12, 34, 56],
  followersOfCaller: [12, 34],
  followersOfReplica: [12, 34],
  severalMutations: [12],
  tooManyFields: [12, 34],
  tooManyAliases: [12, 34],
  tooCostly: [12, 34],
  tooManyItems: [12],
  tooManyEvents: [12],
  tooManyLines: [12],
  tooManyTotals: [12],
  tooManySums: [12],
  scopesMissing: ["order", ["cancellations:read", "cancellations:resolve"]],
  exportScopeMissing: ["cancellations:read"],
  notParsed: [12],
  notValid: ["Cannot query field on this type."],
  subscriptionElsewhere: ["/graphql/stream"],
  variableMissing: ["true"],
  notNull: ["true"],
  wrongValue: ["true"],
  wrongVariable: ["Int"],
  fieldsMissing: ["CancelItemInput", ["seq"]],
  fieldUnknown: ["CancelItemInput", ["seq"]],
  tooManyValueErrors: [12],
  expectedOneOf: [["DAY", "WEEK"]],
  expectedType: ["Int"],
  notAcceptable: [["application/json"]],
  headerTooLong: ["accept", 12, 34],
  tokenTooLong: [16_384],
  otherMethods: ["GET, HEAD"],
  bodyTooLarge: [12],
  exportOfCallerRuns: [12],
  exportsOfStoresRun: [12],
  exportsOfReplicaRun: [12],
  exportsLimited: [12],
  eventTooLarge: [12],
};

/** Every message of a catalogue, with the names of where it stands. */
function wordsOf(messages: Messages): Map<string, string> {
  const refusals = Object.entries(messages.refusals).map(([name, text]): [string, string] => {
    if (typeof text === "string") return [`refusals ${name}`, text];
    const withArguments = text as (...given: unknown[]) => string;
    return [`refusals ${name}`, withArguments(...ARGUMENTS[name as Worded])];
  });
  return new Map([
    ...ALL_FAULTS.map((fault, n): [string, string] => [`${fault.kind} ${n}`, describeFault(fault, messages)]),
    ...USER_ERRORS.map((one, n): [string, string] => [`${one.code} ${n}`, describeUserError(one, messages)]),
    ...Object.entries(messages.failures),
    ...Object.entries(messages.unavailable).map(([why, text]): [string, string] => [
      `unavailable ${why}`,
      text,
    ]),
    ...refusals,
  ]);
}

const ENGLISH = wordsOf(MESSAGES.en);
const KOREAN = wordsOf(MESSAGES.ko);
const HANGUL = /\p{Script=Hangul}/u;

describe("each message", () => {
  test("is there in every language, with nothing left open", () => {
    for (const language of LANGUAGES) {
      const words = wordsOf(MESSAGES[language]);
      expect([...words.keys()]).toEqual([...ENGLISH.keys()]);
      for (const [name, text] of words) {
        expect([name, text.trim()]).not.toEqual([name, ""]);
        expect([name, text]).toEqual([name, expect.not.stringMatching(/undefined|null,|NaN|\[object/u)]);
      }
    }
  });

  test("is Korean in Korean, and English in English", () => {
    for (const [name, text] of KOREAN) expect([name, text]).toEqual([name, expect.stringMatching(HANGUL)]);
    for (const [name, text] of ENGLISH)
      expect([name, text]).toEqual([name, expect.not.stringMatching(HANGUL)]);
  });

  test("gives the same numbers in both languages", () => {
    const numbersIn = (text = ""): string[] => [...new Set(text.match(/\d+/gu))].sort();
    for (const [name, text] of ENGLISH) {
      // "A minute" is one minute in Korean.
      const korean = KOREAN.get(name)?.replace("1분", "");
      expect([name, numbersIn(korean)]).toEqual([name, numbersIn(text)]);
    }
  });

  test("names no path, and no id", () => {
    const { id } = cancellation("PENDING");
    for (const text of [...ENGLISH.values(), ...KOREAN.values()]) {
      expect(text).not.toMatch(/\binput\b|[a-z]\.[\da-z]/iu);
      expect(text).not.toContain(id);
    }
  });
});

test("every kind of fault has a reason for programs, and every reason has a kind", () => {
  expect(Object.keys(REASONS).sort()).toEqual([...KINDS].sort());
  expect(new Set(KINDS.map((kind) => REASONS[kind]))).toEqual(new Set(INVALID_INPUT_REASONS));
});

test("every error that a caller can act on, and every cause of a failure, is among these", () => {
  const codes = [...USER_ERRORS.map(({ code }) => code), "INVALID_INPUT"];
  expect(new Set(codes)).toEqual(new Set(USER_ERROR_CODES));
  expect(Object.keys(MESSAGES.en.failures).sort()).toEqual([...FAILURE_CAUSES].sort());
});

test.each([
  [undefined, "en"],
  ["", "en"],
  ["*", "en"],
  ["ko", "ko"],
  ["ko-KR,ko;q=0.9,en;q=0.8", "ko"],
  ["en-US,en;q=0.9,ko;q=0.1", "en"],
  ["fr, ko;q=0.5", "ko"],
  ["fr, de", "en"],
  ["ko;q=0", "en"],
  ["not a language;;;", "en"],
])("of the languages %j, messages are in %s", (acceptLanguage, language) => {
  expect(chooseLanguage(acceptLanguage)).toBe(language);
});

test("a list of languages longer than any honest one is not read, which would cost more than the answer", () => {
  expect(chooseLanguage("ko,".repeat(333))).toBe("ko");
  expect(chooseLanguage("ko,".repeat(334))).toBe("en");
});
