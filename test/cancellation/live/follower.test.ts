import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ChangeHint } from "../../../src/cancellation/live/change.js";
import {
  checkWatch,
  isAbout,
  MAX_PENDING,
  PendingHints,
  type RequestedWatch,
} from "../../../src/cancellation/live/follower.js";
import type { Store } from "../../../src/cancellation/model/store.js";
import { callerOf } from "../../helpers/examples.js";
import { STORE } from "../../helpers/ledger.js";

describe("a watch", () => {
  const ALL = ["A", "B", "C"];
  const STORES = new Map<string, Store>(ALL.map((id) => [id, { ...STORE, id }]));
  const ID = "01a20241-82ea-7279-8944-e96e9036c6e3";

  const requests: fc.Arbitrary<RequestedWatch> = fc.record(
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
      fc.property(requests, hints, ({ storeId = null, orderNo = null, id = null }, hint) => {
        fc.pre(id === null || (storeId ?? orderNo) === null);
        fc.pre(orderNo === null || storeId !== null);
        const watch = checkWatch({ storeId, orderNo, id }, callerOf(...ALL), STORES);
        const meetsAll =
          (storeId ?? hint.storeId) === hint.storeId &&
          (orderNo ?? hint.orderNo) === hint.orderNo &&
          (id ?? hint.id) === hint.id;
        expect(isAbout(watch, hint)).toBe(meetsAll);
      }),
    );
  });

  test("of an order without a store means the caller's only store", () => {
    expect(checkWatch({ orderNo: "1" }, callerOf("B"), STORES).storeIds).toEqual(["B"]);
    expect(checkWatch({ orderNo: "1" }, callerOf(), STORES).storeIds).toEqual([]);
    expect(() => checkWatch({ orderNo: "1" }, callerOf("A", "B"), STORES)).toThrow(
      "storeId: expected one of your stores, found nothing",
    );
  });
});

describe("pending hints", () => {
  const hint = (id: number, version = 1): ChangeHint => ({
    storeId: "A",
    id: `${id}`,
    orderNo: "1",
    version,
  });

  test("hold each cancellation once, with its newest hint, in the order of their first hints", async () => {
    const some = fc.array(fc.tuple(fc.nat(8), fc.integer({ min: 1, max: 5 })), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(some, async (added) => {
        const pending = new PendingHints();
        for (const [id, version] of added) pending.add(hint(id, version));
        for (const id of new Set(added.map(([one]) => one))) {
          const newest = Math.max(...added.filter(([other]) => other === id).map(([, version]) => version));
          expect(await pending.take()).toEqual(hint(id, newest));
        }
        pending.end();
        expect(await pending.take()).toBeNull();
      }),
    );
  });

  test("wake who waits for one, and end who waits", async () => {
    const pending = new PendingHints();
    const first = pending.take();
    pending.add(hint(1));
    expect(await first).toEqual(hint(1));
    const second = pending.take();
    pending.end();
    expect(await second).toBeNull();
    pending.add(hint(2));
    expect(await pending.take()).toBeNull();
  });

  test("report missed changes when there are too many, instead of dropping some silently", async () => {
    const pending = new PendingHints();
    for (let id = 0; id < MAX_PENDING; id += 1) pending.add(hint(id));
    // Further hints of the same cancellations take no space.
    for (let id = 0; id < MAX_PENDING; id += 1) pending.add(hint(id, 2));
    expect(await pending.take()).toEqual(hint(0, 2));
    for (let id = 0; id < 2; id += 1) pending.add(hint(MAX_PENDING + id));
    await expect(pending.take()).rejects.toThrow("more has changed than can be told");
  });
});
