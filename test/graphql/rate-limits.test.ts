import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { mutationPoints, rateLimitBucket } from "../../src/graphql/plugins/rate-limits.js";
import type { Caller } from "../../src/cancellation/model/caller.js";

const storeIds = fc.uniqueArray(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 4 });
const callers = fc
  .record({ subject: fc.option(fc.string({ maxLength: 255 })), storeIds })
  .map((one): Caller => ({ ...one, scopes: [] }));
const asking = (...stores: (string | null)[]): { name: string; storeId: string | null }[] =>
  stores.map((storeId) => ({ name: "order", storeId }));

test("differs from caller to caller and from store to store, not with the order of the stores, and tells nothing of them", () => {
  fc.assert(
    fc.property(callers, callers, (one, other) => {
      fc.pre(one.subject !== other.subject);
      const bucket = rateLimitBucket(one, asking(null));
      expect(bucket).toMatch(/^[\w-]{43}$/u);
      expect(rateLimitBucket({ ...one, storeIds: [...one.storeIds].reverse() }, asking(null))).toBe(bucket);
      expect(rateLimitBucket(other, asking(null))).not.toBe(bucket);
      const buckets = one.storeIds.map((storeId) => rateLimitBucket(one, asking(storeId)));
      expect(new Set(buckets).size).toBe(one.storeIds.length);
    }),
    { numRuns: 50 },
  );
});

test("is that of all the caller's stores for what is not one of them, is several, or is not named", () => {
  fc.assert(
    fc.property(callers, fc.string(), (caller, other) => {
      fc.pre(!caller.storeIds.includes(other));
      const all = rateLimitBucket(caller, asking(null));
      const [own = null] = caller.storeIds;
      for (const asked of [[], [other], [own, other], [own, null], [other, null]]) {
        expect(rateLimitBucket(caller, asking(...asked))).toBe(all);
      }
    }),
    { numRuns: 50 },
  );
});

test("nobody can be named like a caller without a name, nor two stores like one", () => {
  const caller = (subject: string | null, ...ids: string[]): Caller => ({
    subject,
    scopes: [],
    storeIds: ids,
  });
  const bucket = (one: Caller): string => rateLimitBucket(one, []);
  expect(bucket(caller("null", "A"))).not.toBe(bucket(caller(null, "A")));
  expect(bucket(caller("anonymous", "A"))).not.toBe(bucket(caller(null, "A")));
  expect(bucket(caller("me", "A", "B"))).not.toBe(bucket(caller("me", "A,B")));
  expect(bucket(caller("me", 'A","B'))).not.toBe(bucket(caller("me", "A", "B")));
});
test("a mutation that nobody has thought about counts as the dearest, whatever its name, and a query as none", () => {
  for (const name of ["somethingNew", "toString", "__proto__", "constructor"]) {
    expect(mutationPoints(name, true)).toBe(mutationPoints("resolveCancellation", true));
    expect(mutationPoints(name, false)).toBe(0);
  }
  expect([mutationPoints("cancelPayment", true), mutationPoints("cancelPaymentPreview", false)]).toEqual([
    1, 1,
  ]);
});
