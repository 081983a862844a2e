import { describe, expect, test } from "@jest/globals";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import type { HistoryOrder, HistoryOrderField } from "../../../src/cancellation/history/cursors.js";
import {
  type CancellationFilter,
  checkFilter,
  type RequestedFilter,
} from "../../../src/cancellation/history/filter.js";
import { checkGrouping } from "../../../src/cancellation/history/stats.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import { callerOf } from "../../helpers/examples.js";
import { faultOf } from "../../helpers/fault-of.js";

const KRW: Store = { id: "KR01", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" };
const USD: Store = { ...KRW, id: "US01", currencyCode: "USD", currencyDecimals: 2 };
const STORES = new Map([KRW, { ...KRW, id: "KR02" }, USD].map((store) => [store.id, store]));
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
  const statuses = ["UNKNOWN", "FAILED", "UNKNOWN"] as const;
  expect(checked({ statuses })).toEqual({ storeIds: ["KR01", "KR02"], statuses: ["UNKNOWN", "FAILED"] });
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
  const statuses = ["UNKNOWN", "FAILED"] as const;
  expect(checked({ inDoubtLongerThanSeconds: 0, statuses }).statuses).toEqual(statuses);
  expect(checked({}).statuses).toBeUndefined();
});

test("stores of other callers are left out", () => {
  expect(checked({ storeIds: ["US01", "KR02", "nobody's"] }).storeIds).toEqual(["KR02"]);
  expect(checked({ storeIds: ["US01"] }).storeIds).toEqual([]);
});

describe("conditions that exclude each other are an error that names one of them:", () => {
  const [from, later] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-02-02T00:00:00Z")];
  test.each<[RequestedFilter, string, string[], string[]]>([
    [
      { settlement: "VOIDED", statuses: ["FAILED", "UNKNOWN"] },
      "settlement",
      ["SUCCEEDED"],
      ["FAILED", "UNKNOWN"],
    ],
    [{ resolvedBy: "LOOKUP", statuses: ["PENDING"] }, "resolvedBy", ["SUCCEEDED", "FAILED"], ["PENDING"]],
    [{ resolvedFrom: from, statuses: ["UNKNOWN"] }, "resolvedFrom", ["SUCCEEDED", "FAILED"], ["UNKNOWN"]],
    [{ resolvedBefore: from, statuses: ["UNKNOWN"] }, "resolvedBefore", ["SUCCEEDED", "FAILED"], ["UNKNOWN"]],
    [{ failureCode: "E", statuses: ["SUCCEEDED"] }, "failureCode", ["FAILED", "UNKNOWN"], ["SUCCEEDED"]],
    [
      { inDoubtLongerThanSeconds: 60, statuses: ["FAILED"] },
      "inDoubtLongerThanSeconds",
      ["UNKNOWN"],
      ["FAILED"],
    ],
    [{ settlement: "VOIDED", failureCode: "E" }, "failureCode", ["FAILED", "UNKNOWN"], ["SUCCEEDED"]],
  ])("%j", (requested, field, possible, left) => {
    const fault = { kind: "noStatusLeft", field: `filter.${field}`, possible, left };
    expect(faultOf(() => checked(requested))).toEqual(fault);
  });

  test("an open status, in the order of resolution", () => {
    const order = inOrderOf("RESOLVED_AT");
    expect(faultOf(() => checked({ statuses: ["UNKNOWN", "PENDING"] }, order))).toEqual({
      kind: "noStatusLeft",
      field: "orderBy.field",
      possible: ["SUCCEEDED", "FAILED"],
      left: ["UNKNOWN", "PENDING"],
    });
    const statuses = ["UNKNOWN", "FAILED"] as const;
    expect(checked({ statuses }, order).statuses).toEqual(statuses);
  });

  test.each<[RequestedFilter, string, string]>([
    [{ createdFrom: from, createdBefore: from }, "createdBefore", "createdFrom"],
    [{ resolvedFrom: later, resolvedBefore: from }, "resolvedBefore", "resolvedFrom"],
    [{ createdFrom: later, resolvedBefore: from }, "resolvedBefore", "createdFrom"],
  ])("%j", (requested, field, other) => {
    const fault = { kind: "notAfter", field: `filter.${field}`, other };
    expect(faultOf(() => checked(requested))).toEqual(fault);
  });

  test("amounts from more than to", () => {
    const requested = { amountFrom: new Decimal("1000.5"), amountTo: new Decimal("1000") };
    const fault = { kind: "lessThan", field: "filter.amountTo", other: "amountFrom" };
    expect(faultOf(() => checked(requested))).toEqual(fault);
    expect(checked({ ...requested, amountTo: requested.amountFrom })).toMatchObject({
      amountTo: requested.amountFrom,
    });
  });

  test("an order number that does not begin with the prefix", () => {
    const fault = { kind: "otherPrefix", field: "filter.orderNo", other: "orderNoPrefix" };
    expect(faultOf(() => checked({ orderNo: "ORD-1", orderNoPrefix: "ORX" }))).toEqual(fault);
    expect(checked({ orderNo: "ORD-1", orderNoPrefix: "ORD" })).toMatchObject({ orderNo: "ORD-1" });
  });
});

describe("amounts of several currencies are not compared:", () => {
  const fault = { kind: "severalCurrencies", currencies: ["KRW", "USD"] };

  test.each([
    ["amountFrom", { amountFrom: new Decimal(1) }],
    ["amountTo", { amountTo: new Decimal(1) }],
  ])("neither in a range with %s", (name, range) => {
    expect(faultOf(() => checkFilter(range, EVERYBODY, STORES))).toEqual({
      ...fault,
      field: `filter.${name}`,
    });
    const storeIds = ["KR01", "KR02"];
    expect(checkFilter({ ...range, storeIds }, EVERYBODY, STORES).storeIds).toEqual(storeIds);
  });

  test("nor in an order", () => {
    const order = inOrderOf("TOTAL_CANCEL_AMOUNT");
    expect(faultOf(() => checkFilter({}, EVERYBODY, STORES, order))).toEqual({
      ...fault,
      field: "orderBy.field",
    });
    const storeIds = ["US01"];
    expect(checkFilter({ storeIds }, EVERYBODY, STORES, order)).toEqual({ storeIds });
  });
});

describe("a value that no cancellation can have is an error that names the field:", () => {
  test.each<[RequestedFilter, field: string, fault: object]>([
    [{ statuses: [] }, "statuses", { kind: "emptyList" }],
    [{ storeIds: [] }, "storeIds", { kind: "emptyList" }],
    [{ storeIds: ["KR01", ""] }, "storeIds", { kind: "blank", max: 100 }],
    [{ orderNo: "" }, "orderNo", { kind: "blank", max: 100 }],
    [{ orderNoPrefix: "OR" }, "orderNoPrefix", { kind: "tooShort", min: 3 }],
    [{ idempotencyKey: "x".repeat(256) }, "idempotencyKey", { kind: "tooLong", max: 255 }],
    [{ reason: "x".repeat(501) }, "reason", { kind: "tooLong", max: 500 }],
    [{ requestedBy: "a\u0000" }, "requestedBy", { kind: "unreadable" }],
    [{ amountFrom: new Decimal(-1) }, "amountFrom", { kind: "belowLeast", min: new Decimal(0) }],
    [
      { amountTo: new Decimal("1e15") },
      "amountTo",
      { kind: "aboveMost", max: new Decimal("999999999999999.9999") },
    ],
    [{ amountTo: new Decimal("NaN") }, "amountTo", { kind: "notANumber" }],
    [
      { inDoubtLongerThanSeconds: -1 },
      "inDoubtLongerThanSeconds",
      { kind: "outOfRange", min: 0, max: 316_224_000 },
    ],
    [{ resolvedFrom: YEAR_0 }, "resolvedFrom", { kind: "momentTooEarly" }],
  ])("%j", (requested, field, fault) => {
    expect(faultOf(() => checked(requested))).toEqual({ ...fault, field: `filter.${field}` });
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
    expect(faultOf(() => checkGrouping(["STORE", "DAY", "STORE"], null))).toEqual({
      kind: "repeatedGroup",
      field: "groupBy",
      group: "STORE",
    });
    expect(faultOf(() => checkGrouping(["MONTH", "DAY"], null))).toEqual({
      kind: "severalPeriods",
      field: "groupBy",
      allowed: ["DAY", "WEEK", "MONTH"],
    });
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
    const fault = { kind: "notATimeZone", field: "timeZone" };
    expect(faultOf(() => checkGrouping([], timeZone))).toEqual(fault);
  });
});
