import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkWatch, isAbout, type RequestedWatch } from "../../../src/cancellation/live/follower.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import { callerOf } from "../../helpers/examples.js";
import { STORE } from "../../helpers/ledger.js";

const ALL = ["A", "B", "C"];
const STORES = new Map<string, Store>(ALL.map((id) => [id, { ...STORE, id }]));
const ID = "01a20241-82ea-7279-8944-e96e9036c6e3";

const requested: fc.Arbitrary<RequestedWatch> = fc.record(
  {
    storeId: fc.option(fc.constantFrom(...ALL, "NONE")),
    orderNo: fc.option(fc.constantFrom("1", "2")),
    id: fc.option(fc.constantFrom(ID, "other")),
  },
  { requiredKeys: [] },
);
const hints = fc.record({
  storeId: fc.constantFrom(...ALL),
  id: fc.constantFrom(ID, "other", "third"),
  orderNo: fc.constantFrom("1", "2"),
  version: fc.nat(),
});

test("nobody is told of a store that is not the caller's, whatever is asked for", () => {
  fc.assert(
    fc.property(fc.subarray(ALL), requested, hints, (own, asked, hint) => {
      let watch;
      try {
        watch = checkWatch(asked, callerOf(...own), STORES);
      } catch {
        return;
      }
      if (isAbout(watch, hint)) expect(own).toContain(hint.storeId);
      for (const storeId of watch.storeIds) expect(own).toContain(storeId);
    }),
  );
});

test("everybody is told of what fits what was asked for, and of nothing else", () => {
  fc.assert(
    fc.property(requested, hints, ({ storeId, orderNo, id }, hint) => {
      fc.pre(id === null || id === undefined || (storeId ?? orderNo ?? null) === null);
      fc.pre(orderNo === null || orderNo === undefined || (storeId ?? null) !== null);
      const watch = checkWatch({ storeId, orderNo, id }, callerOf(...ALL), STORES);
      const fits = [
        [storeId, hint.storeId],
        [orderNo, hint.orderNo],
        [id, hint.id],
      ].every(([asked, found]) => asked === null || asked === undefined || asked === found);
      expect(isAbout(watch, hint)).toBe(fits);
    }),
  );
});

describe("an order without a store", () => {
  test("is of the only store of a caller", () => {
    expect(checkWatch({ orderNo: "1" }, callerOf("B"), STORES).storeIds).toEqual(["B"]);
  });

  test("is a mistake of a caller who has several", () => {
    expect(() => checkWatch({ orderNo: "1" }, callerOf("A", "B"), STORES)).toThrow(
      "storeId: expected one of your stores, found nothing",
    );
  });

  test("of a caller without stores is nowhere", () => {
    expect(checkWatch({ orderNo: "1" }, callerOf(), STORES).storeIds).toEqual([]);
  });
});
