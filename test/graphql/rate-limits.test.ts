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

test("is as long for every caller, and the same for the same one, in whatever order the stores are", () => {
  fc.assert(
    fc.property(callers, (caller) => {
      const bucket = rateLimitBucket(caller, asking(null));
      expect(bucket).toMatch(/^[\w-]{43}$/u);
      expect(rateLimitBucket({ ...caller, storeIds: [...caller.storeIds].reverse() }, asking(null))).toBe(
        bucket,
      );
    }),
    { numRuns: 50 },
  );
});

test("differs from caller to caller, and from store to store", () => {
  fc.assert(
    fc.property(callers, callers, (one, other) => {
      fc.pre(one.subject !== other.subject);
      expect(rateLimitBucket(one, asking(null))).not.toBe(rateLimitBucket(other, asking(null)));
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
const NEW_NAMES = ["somethingNew", "toString", "__proto__", "constructor"];

test("a mutation that nobody has thought about counts as the dearest, whatever its name", () => {
  for (const name of NEW_NAMES)
    expect(mutationPoints(name, true)).toBe(mutationPoints("resolveCancellation", true));
  expect(mutationPoints("cancelPayment", true)).toBe(1);
});

test("a query counts as no mutation, unless it answers what a mutation would", () => {
  for (const name of ["cancellation", ...NEW_NAMES]) expect(mutationPoints(name, false)).toBe(0);
  expect(mutationPoints("cancelPaymentPreview", false)).toBe(1);
});
