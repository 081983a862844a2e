import { describe, expect, test } from "@jest/globals";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import type { HistoryOrder, HistoryOrderField } from "../../../src/cancellation/history/cursors.js";
import {
  type CancellationFilter,
  checkFilter,
  type RequestedFilter,
} from "../../../src/cancellation/history/filter.js";
import { InvalidArgumentError } from "../../../src/cancellation/model/errors.js";
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
  const status = Array.from({ length: 1_000 }, (_, i) =>
    i % 2 === 0 ? ("UNKNOWN" as const) : ("FAILED" as const),
  );
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
  test.each<[RequestedFilter, string, string, string]>([
    [
      { settlement: "VOIDED", status: ["FAILED", "UNKNOWN"] },
      "filter.settlement",
      "SUCCEEDED",
      "FAILED, UNKNOWN",
    ],
    [{ resolvedBy: "LOOKUP", status: ["PENDING"] }, "filter.resolvedBy", "SUCCEEDED, FAILED", "PENDING"],
    [
      { resolvedFrom: moment("01-01"), status: ["UNKNOWN"] },
      "filter.resolvedFrom",
      "SUCCEEDED, FAILED",
      "UNKNOWN",
    ],
    [
      { resolvedBefore: moment("01-01"), status: ["UNKNOWN"] },
      "filter.resolvedBefore",
      "SUCCEEDED, FAILED",
      "UNKNOWN",
    ],
    [
      { failureCode: "EBP-C-0010", status: ["SUCCEEDED"] },
      "filter.failureCode",
      "FAILED, UNKNOWN",
      "SUCCEEDED",
    ],
    [
      { inDoubtLongerThanSeconds: 60, status: ["FAILED"] },
      "filter.inDoubtLongerThanSeconds",
      "UNKNOWN",
      "FAILED",
    ],
    [
      { inDoubtLongerThanSeconds: 60, settlement: "VOIDED" },
      "filter.inDoubtLongerThanSeconds",
      "UNKNOWN",
      "SUCCEEDED",
    ],
    [
      { settlement: "VOIDED", failureCode: "EBP-C-0010" },
      "filter.failureCode",
      "FAILED, UNKNOWN",
      "SUCCEEDED",
    ],
  ])("%j", (requested, field, expected, found) => {
    expect(() => checked(requested)).toThrow(
      new InvalidArgumentError(field, `the other conditions to leave one of ${expected}`, found),
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
    [
      { createdFrom: moment("02-01"), createdBefore: moment("02-01") },
      "filter.createdBefore",
      "a moment after filter.createdFrom",
      "the same",
    ],
    [
      { resolvedFrom: moment("02-02"), resolvedBefore: moment("02-01") },
      "filter.resolvedBefore",
      "a moment after filter.resolvedFrom",
      "an earlier one",
    ],
    [
      { createdFrom: moment("02-02"), resolvedBefore: moment("02-01") },
      "filter.resolvedBefore",
      "a moment after filter.createdFrom",
      "an earlier one",
    ],
  ])("%j", (requested, field, expected, found) => {
    expect(() => checked(requested)).toThrow(new InvalidArgumentError(field, expected, found));
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
  test.each<[RequestedFilter, string, string]>([
    [{ status: [] }, "filter.status: expected at least one status, found an empty list", "filter.status"],
    [{ storeId: [] }, "filter.storeId: expected at least one store, found an empty list", "filter.storeId"],
    [
      { storeId: ["KR01", ""] },
      "filter.storeId: expected 1 to 100 characters, found an empty text",
      "filter.storeId",
    ],
    [{ orderNo: "" }, "filter.orderNo: expected 1 to 100 characters, found an empty text", "filter.orderNo"],
    [
      { orderNoPrefix: "OR" },
      "filter.orderNoPrefix: expected at least 3 characters, found 2",
      "filter.orderNoPrefix",
    ],
    [
      { idempotencyKey: "x".repeat(256) },
      "filter.idempotencyKey: expected 1 to 255 characters, found 256 characters",
      "filter.idempotencyKey",
    ],
    [
      { reason: "x".repeat(501) },
      "filter.reason: expected 1 to 500 characters, found 501 characters",
      "filter.reason",
    ],
    [
      { requestedBy: "a\u0000" },
      "filter.requestedBy: expected readable characters, found a control character or half a character",
      "filter.requestedBy",
    ],
    [
      { amountFrom: new Decimal(-1) },
      "filter.amountFrom: expected an amount from 0, of at most 15 digits before the decimal point, found a negative one",
      "filter.amountFrom",
    ],
    [
      { amountTo: new Decimal("1e15") },
      "filter.amountTo: expected an amount from 0, of at most 15 digits before the decimal point, found another number",
      "filter.amountTo",
    ],
    [
      { inDoubtLongerThanSeconds: -1 },
      "filter.inDoubtLongerThanSeconds: expected 0 to 316224000, found another number",
      "filter.inDoubtLongerThanSeconds",
    ],
    [
      { resolvedFrom: new Date("0000-06-01T00:00:00Z") },
      "filter.resolvedFrom: expected a moment of the years 1 to 9999, found an earlier one",
      "filter.resolvedFrom",
    ],
  ])("%j", (requested, message, field) => {
    expect(() => checked(requested)).toThrow(expect.objectContaining({ message, field }));
  });

  test("a reason may have several lines", () => {
    expect(checked({ reason: "broken\non arrival" }).reason).toBe("broken\non arrival");
  });
});
