import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkWatch, isAbout, type RequestedWatch } from "../../../src/cancellation/live/follower.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import { callerOf } from "../../helpers/examples.js";
import { faultOf } from "../../helpers/fault-of.js";
import { STORE } from "../../helpers/ledger.js";

describe("a watch", () => {
  const ALL = ["A", "B", "C"];
  const STORES = new Map<string, Store>(ALL.map((id) => [id, { ...STORE, id }]));
  const ID = "01a20241-82ea-7279-8944-e96e9036c6e3";

  const requests: fc.Arbitrary<RequestedWatch> = fc.record(
    {
      storeId: fc.option(fc.constantFrom(...ALL, "NONE")),
      orderNo: fc.option(fc.constantFrom("1", "2")),
      ids: fc.option(fc.subarray([ID, "other"], { minLength: 1 })),
    },
    { requiredKeys: [] },
  );
  const hints = fc.record({
    storeId: fc.constantFrom(...ALL),
    id: fc.constantFrom(ID, "other", "third"),
    orderNo: fc.constantFrom("1", "2"),
    version: fc.nat(),
  });

  test("never covers a store that is not the caller's, whatever is requested", () => {
    fc.assert(
      fc.property(fc.subarray(ALL), requests, hints, (own, requested, hint) => {
        let watch;
        try {
          watch = checkWatch(requested, callerOf(...own), STORES);
        } catch {
          return;
        }
        if (isAbout(watch, hint)) expect(own).toContain(hint.storeId);
        for (const storeId of watch.storeIds) expect(own).toContain(storeId);
      }),
    );
  });

  test("covers exactly what meets every requested condition", () => {
    fc.assert(
      fc.property(requests, hints, ({ storeId = null, orderNo = null, ids = null }, hint) => {
        fc.pre(ids === null || (storeId ?? orderNo) === null);
        fc.pre(orderNo === null || storeId !== null);
        const watch = checkWatch({ storeId, orderNo, ids }, callerOf(...ALL), STORES);
        const meetsAll =
          (storeId ?? hint.storeId) === hint.storeId &&
          (orderNo ?? hint.orderNo) === hint.orderNo &&
          (ids ?? [hint.id]).includes(hint.id);
        expect(isAbout(watch, hint)).toBe(meetsAll);
      }),
    );
  });

  test("of an order without a store means the caller's only store", () => {
    expect(checkWatch({ orderNo: "1" }, callerOf("B"), STORES).storeIds).toEqual(["B"]);
    expect(checkWatch({ orderNo: "1" }, callerOf(), STORES).storeIds).toEqual([]);
    expect(faultOf(() => checkWatch({ orderNo: "1" }, callerOf("A", "B"), STORES))).toEqual({
      kind: "storeRequired",
      field: "storeId",
    });
  });

  test("of ids has at least one and at most a hundred of them, and nothing beside", () => {
    const faultWith = (requested: RequestedWatch): unknown =>
      faultOf(() => checkWatch(requested, callerOf(...ALL), STORES));
    const many = (length: number): string[] => Array.from({ length }, (_, n) => `${n}`);
    expect(faultWith({ ids: many(100) })).toBeNull();
    expect(faultWith({ ids: many(101) })).toEqual({ kind: "tooManyOfThem", field: "ids", max: 100 });
    expect(faultWith({ ids: [] })).toEqual({ kind: "emptyList", field: "ids" });
    expect(faultWith({ ids: [ID], storeId: "A" })).toEqual({ kind: "besideIds", field: "storeId" });
    expect(faultWith({ ids: [ID], orderNo: "1" })).toEqual({ kind: "besideIds", field: "orderNo" });
  });
});
