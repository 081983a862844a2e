import { describe, expect, test } from "@jest/globals";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import type { HistoryOrder, HistoryOrderField } from "../../../src/cancellation/history/cursors.js";
import {
  type CancellationFilter,
  checkFilter,
  type RequestedFilter,
} from "../../../src/cancellation/history/filter.js";
import { InvalidArgumentError } from "../../../src/cancellation/model/errors.js";
import { checkGrouping } from "../../../src/cancellation/history/stats.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import { callerOf } from "../../helpers/examples.js";

const STORES = new Map<string, Store>(
  [
    ["KR01", "KRW", 0],
    ["KR02", "KRW", 0],
    ["US01", "USD", 2],
  ].map(([id, currencyCode, currencyDecimals]) => [
    id as string,
    { id, currencyCode, currencyDecimals, amountBasis: "unit" } as Store,
  ]),
);
const AMOUNT = "an amount from 0, of at most 15 digits before the decimal point";
const KOREAN = callerOf("KR01", "KR02");
const EVERYBODY = callerOf("KR01", "KR02", "US01");

function checked(requested: RequestedFilter, order: HistoryOrder | null = null): CancellationFilter {
  return checkFilter(requested, KOREAN, STORES, order);
}

function inOrderOf(field: HistoryOrderField): HistoryOrder {
  return { field, direction: "DESC" };
}

function moment(text: string): Date {
  return new Date(`2026-${text}T00:00:00Z`);
}

test("a repeated status is one condition, in the order first named", () => {
  const status = ["UNKNOWN", "FAILED", "UNKNOWN"] as const;
  expect(checked({ status })).toEqual({ storeIds: ["KR01", "KR02"], statuses: ["UNKNOWN", "FAILED"] });
});

test("a field that is null or left out is no condition", () => {
  expect(checked({ orderNo: null, amountFrom: null, hasDiscrepancies: null })).toEqual({
    storeIds: ["KR01", "KR02"],
  });
});

test("false, zero and the empty moment of a range are conditions", () => {
  const filter = { hasDiscrepancies: false, amountFrom: new Decimal(0), inDoubtLongerThanSeconds: 0 };
  expect(checked(filter)).toMatchObject({ storeIds: ["KR01", "KR02"], ...filter });
});

test("a minimum time in doubt means UNKNOWN, unless statuses are named", () => {
  expect(checked({ inDoubtLongerThanSeconds: 0 }).statuses).toEqual(["UNKNOWN"]);
  const status = ["UNKNOWN", "FAILED"] as const;
  expect(checked({ inDoubtLongerThanSeconds: 0, status }).statuses).toEqual(status);
  expect(checked({}).statuses).toBeUndefined();
});

test("stores of other callers are left out", () => {
  expect(checked({ storeId: ["US01", "KR02", "nobody's"] }).storeIds).toEqual(["KR02"]);
  expect(checked({ storeId: ["US01"] }).storeIds).toEqual([]);
});

describe("conditions that exclude each other are an error that names one of them:", () => {
  const from = moment("01-01");
  test.each<[RequestedFilter, string, string, string]>([
    [{ settlement: "VOIDED", status: ["FAILED", "UNKNOWN"] }, "settlement", "SUCCEEDED", "FAILED, UNKNOWN"],
    [{ resolvedBy: "LOOKUP", status: ["PENDING"] }, "resolvedBy", "SUCCEEDED, FAILED", "PENDING"],
    [{ resolvedFrom: from, status: ["UNKNOWN"] }, "resolvedFrom", "SUCCEEDED, FAILED", "UNKNOWN"],
    [{ resolvedBefore: from, status: ["UNKNOWN"] }, "resolvedBefore", "SUCCEEDED, FAILED", "UNKNOWN"],
    [{ failureCode: "E", status: ["SUCCEEDED"] }, "failureCode", "FAILED, UNKNOWN", "SUCCEEDED"],
    [{ inDoubtLongerThanSeconds: 60, status: ["FAILED"] }, "inDoubtLongerThanSeconds", "UNKNOWN", "FAILED"],
    [{ settlement: "VOIDED", failureCode: "E" }, "failureCode", "FAILED, UNKNOWN", "SUCCEEDED"],
  ])("%j", (requested, field, expected, found) => {
    expect(() => checked(requested)).toThrow(
      new InvalidArgumentError(`filter.${field}`, `the other conditions to leave one of ${expected}`, found),
    );
  });

  test("an open status, in the order of resolution", () => {
    expect(() => checked({ status: ["UNKNOWN", "PENDING"] }, inOrderOf("RESOLVED_AT"))).toThrow(
      new InvalidArgumentError(
        "orderBy.field",
        "the other conditions to leave one of SUCCEEDED, FAILED",
        "UNKNOWN, PENDING",
      ),
    );
    expect(checked({ status: ["UNKNOWN", "FAILED"] }, inOrderOf("RESOLVED_AT")).statuses).toEqual([
      "UNKNOWN",
      "FAILED",
    ]);
  });

  test.each<[RequestedFilter, string, string, string]>([
    [{ createdFrom: from, createdBefore: from }, "createdBefore", "createdFrom", "the same"],
    [
      { resolvedFrom: moment("02-02"), resolvedBefore: from },
      "resolvedBefore",
      "resolvedFrom",
      "an earlier one",
    ],
    [
      { createdFrom: moment("02-02"), resolvedBefore: from },
      "resolvedBefore",
      "createdFrom",
      "an earlier one",
    ],
  ])("%j", (requested, field, after, found) => {
    expect(() => checked(requested)).toThrow(
      new InvalidArgumentError(`filter.${field}`, `a moment after filter.${after}`, found),
    );
  });

  test("amounts from more than to", () => {
    const requested = { amountFrom: new Decimal("1000.5"), amountTo: new Decimal("1000") };
    expect(() => checked(requested)).toThrow(
      new InvalidArgumentError("filter.amountTo", "filter.amountFrom or more", "less"),
    );
    expect(checked({ ...requested, amountTo: requested.amountFrom })).toMatchObject({
      amountTo: requested.amountFrom,
    });
  });

  test("an order number that does not begin with the prefix", () => {
    expect(() => checked({ orderNo: "ORD-1", orderNoPrefix: "ORX" })).toThrow(InvalidArgumentError);
    expect(checked({ orderNo: "ORD-1", orderNoPrefix: "ORD" })).toMatchObject({ orderNo: "ORD-1" });
  });
});

describe("amounts of several currencies are not compared:", () => {
  const expected = "stores of one currency: name them in filter.storeId";
  const found = "stores of KRW, USD";

  test("neither in a range", () => {
    expect(() => checkFilter({ amountFrom: new Decimal(1) }, EVERYBODY, STORES)).toThrow(
      new InvalidArgumentError("filter.amountFrom, filter.amountTo", expected, found),
    );
    expect(
      checkFilter({ amountFrom: new Decimal(1), storeId: ["KR01", "KR02"] }, EVERYBODY, STORES),
    ).toMatchObject({
      storeIds: ["KR01", "KR02"],
    });
  });

  test("nor in an order", () => {
    const order = inOrderOf("TOTAL_CANCEL_AMOUNT");
    expect(() => checkFilter({}, EVERYBODY, STORES, order)).toThrow(
      new InvalidArgumentError("orderBy.field", expected, found),
    );
    expect(checkFilter({ storeId: ["US01"] }, EVERYBODY, STORES, order)).toEqual({ storeIds: ["US01"] });
  });
});

describe("a value that no cancellation can have is an error that names the field:", () => {
  test.each<[RequestedFilter, string]>([
    [{ status: [] }, "status: expected at least one status, found an empty list"],
    [{ storeId: [] }, "storeId: expected at least one store, found an empty list"],
    [{ storeId: ["KR01", ""] }, "storeId: expected 1 to 100 characters, found an empty text"],
    [{ orderNo: "" }, "orderNo: expected 1 to 100 characters, found an empty text"],
    [{ orderNoPrefix: "OR" }, "orderNoPrefix: expected at least 3 characters, found 2"],
    [
      { idempotencyKey: "x".repeat(256) },
      "idempotencyKey: expected 1 to 255 characters, found 256 characters",
    ],
    [{ reason: "x".repeat(501) }, "reason: expected 1 to 500 characters, found 501 characters"],
    [
      { requestedBy: "a\u0000" },
      "requestedBy: expected readable characters, found a control character or half a character",
    ],
    [{ amountFrom: new Decimal(-1) }, `amountFrom: expected ${AMOUNT}, found a negative one`],
    [{ amountTo: new Decimal("1e15") }, `amountTo: expected ${AMOUNT}, found another number`],
    [
      { inDoubtLongerThanSeconds: -1 },
      "inDoubtLongerThanSeconds: expected 0 to 316224000, found another number",
    ],
    [
      { resolvedFrom: new Date("0000-06-01T00:00:00Z") },
      "resolvedFrom: expected a moment of the years 1 to 9999, found an earlier one",
    ],
  ])("%j", (requested, message) => {
    const [field] = message.split(":");
    expect(() => checked(requested)).toThrow(
      expect.objectContaining({ message: `filter.${message}`, field: `filter.${field}` }),
    );
  });

  test("a reason may have several lines", () => {
    expect(checked({ reason: "broken\non arrival" }).reason).toBe("broken\non arrival");
  });
});

describe("a grouping", () => {
  test("is in the order of the sums, whatever order it is asked for in, and of UTC unless a zone is named", () => {
    expect(checkGrouping(["REASON", "MONTH", "STATUS"], null)).toEqual({
      keys: ["STATUS", "REASON"],
      period: { unit: "MONTH", timeZone: "UTC" },
    });
    expect(checkGrouping([], undefined)).toEqual({ keys: [], period: null });
  });

  test("by the same twice, or by two periods, is refused", () => {
    expect(() => checkGrouping(["STORE", "DAY", "STORE"], null)).toThrow(
      "groupBy: expected each group once, found STORE several times",
    );
    expect(() => checkGrouping(["MONTH", "DAY"], null)).toThrow(
      "groupBy: expected at most one of DAY, WEEK, MONTH, found DAY, MONTH",
    );
  });

  test.each(["UTC", "Asia/Seoul", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Etc/GMT+9"])(
    "takes the time zone %s",
    (timeZone) => {
      expect(checkGrouping(["DAY"], timeZone).period).toEqual({ unit: "DAY", timeZone });
    },
  );

  test.each([
    "",
    "KST",
    "EST",
    "+09:00",
    "UTC+9",
    "Asia/Nowhere",
    "Asia/Seoul'",
    "a/".repeat(100),
    "Asia/서울",
  ])("refuses the time zone %p, also where no period is asked for", (timeZone) => {
    expect(() => checkGrouping([], timeZone)).toThrow(InvalidArgumentError);
    expect(() => checkGrouping([], timeZone)).toThrow(/^timeZone: expected the IANA name of a time zone/u);
  });
});
