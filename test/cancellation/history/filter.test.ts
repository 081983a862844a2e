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

const KRW: Store = { id: "KR01", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" };
const USD: Store = { ...KRW, id: "US01", currencyCode: "USD", currencyDecimals: 2 };
const STORES = new Map([KRW, { ...KRW, id: "KR02" }, USD].map((store) => [store.id, store]));
const AMOUNT = "an amount from 0, of at most 15 digits before the decimal point";
const YEAR_0 = new Date("0000-06-01T00:00:00Z");
const KOREAN = callerOf("KR01", "KR02");
const EVERYBODY = callerOf("KR01", "KR02", "US01");

function checked(requested: RequestedFilter, order: HistoryOrder | null = null): CancellationFilter {
  return checkFilter(requested, KOREAN, STORES, order);
}

function inOrderOf(field: HistoryOrderField): HistoryOrder {
  return { field, direction: "DESC" };
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
  const [from, later] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-02-02T00:00:00Z")];
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
    const order = inOrderOf("RESOLVED_AT");
    const expected = "the other conditions to leave one of SUCCEEDED, FAILED";
    expect(() => checked({ status: ["UNKNOWN", "PENDING"] }, order)).toThrow(
      new InvalidArgumentError("orderBy.field", expected, "UNKNOWN, PENDING"),
    );
    const status = ["UNKNOWN", "FAILED"] as const;
    expect(checked({ status }, order).statuses).toEqual(status);
  });

  test.each<[RequestedFilter, string, string, string]>([
    [{ createdFrom: from, createdBefore: from }, "createdBefore", "createdFrom", "the same"],
    [{ resolvedFrom: later, resolvedBefore: from }, "resolvedBefore", "resolvedFrom", "an earlier one"],
    [{ createdFrom: later, resolvedBefore: from }, "resolvedBefore", "createdFrom", "an earlier one"],
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
    const storeId = ["KR01", "KR02"];
    const filter = checkFilter({ amountFrom: new Decimal(1), storeId }, EVERYBODY, STORES);
    expect(filter.storeIds).toEqual(storeId);
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
  test.each<[RequestedFilter, field: string, expected: string, found: string]>([
    [{ status: [] }, "status", "at least one status", "an empty list"],
    [{ storeId: [] }, "storeId", "at least one store", "an empty list"],
    [{ storeId: ["KR01", ""] }, "storeId", "1 to 100 characters", "an empty text"],
    [{ orderNo: "" }, "orderNo", "1 to 100 characters", "an empty text"],
    [{ orderNoPrefix: "OR" }, "orderNoPrefix", "at least 3 characters", "2"],
    [{ idempotencyKey: "x".repeat(256) }, "idempotencyKey", "1 to 255 characters", "256 characters"],
    [{ reason: "x".repeat(501) }, "reason", "1 to 500 characters", "501 characters"],
    [
      { requestedBy: "a\u0000" },
      "requestedBy",
      "readable characters",
      "a control character or half a character",
    ],
    [{ amountFrom: new Decimal(-1) }, "amountFrom", AMOUNT, "a negative one"],
    [{ amountTo: new Decimal("1e15") }, "amountTo", AMOUNT, "another number"],
    [{ inDoubtLongerThanSeconds: -1 }, "inDoubtLongerThanSeconds", "0 to 316224000", "another number"],
    [{ resolvedFrom: YEAR_0 }, "resolvedFrom", "a moment of the years 1 to 9999", "an earlier one"],
  ])("%j", (requested, field, expected, found) => {
    const error = new InvalidArgumentError(`filter.${field}`, expected, found);
    expect(() => checked(requested)).toThrow(
      expect.objectContaining({ message: error.message, field: error.field }),
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

  const noZones = [
    "",
    "KST",
    "EST",
    "+09:00",
    "UTC+9",
    "Asia/Nowhere",
    "Asia/Seoul'",
    "a/".repeat(100),
    "Asia/서울",
  ];
  test.each(noZones)("refuses the time zone %p, also where no period is asked for", (timeZone) => {
    expect(() => checkGrouping([], timeZone)).toThrow(InvalidArgumentError);
    expect(() => checkGrouping([], timeZone)).toThrow(/^timeZone: expected the IANA name of a time zone/u);
  });
});
