import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { accessKeyExpiries } from "../src/access-key-expiry.js";

const DAY_MS = 24 * 60 * 60 * 1_000;
const NOTICE_MS = 30 * DAY_MS;
const NOW = Date.UTC(2026, 10, 22);

function warningIn(ms: number): string | null | undefined {
  const stores = [{ storeId: "KR01", accessKeyExpiresAt: new Date(NOW + ms) }];
  return accessKeyExpiries(stores, NOW)[0]?.warning;
}

test("warns in the last 30 days, otherwise after the end, and never before", () => {
  const near = (ms: number): fc.Arbitrary<number> => fc.integer({ min: ms - 3, max: ms + 3 });
  const anyTime = fc.oneof(near(0), near(NOTICE_MS), fc.integer({ min: -400 * DAY_MS, max: 400 * DAY_MS }));
  fc.assert(
    fc.property(anyTime, (ms) => {
      if (ms > NOTICE_MS) expect(warningIn(ms)).toBeNull();
      else expect(warningIn(ms)).toContain(ms > 0 ? "expires within 30 days" : "has expired");
    }),
  );
});

test("says how long is left, and nothing of stores whose date is not known", () => {
  const accessKeyExpiresAt = new Date(NOW - 5);
  expect(
    accessKeyExpiries(
      [
        { storeId: "KR01", accessKeyExpiresAt: null },
        { storeId: "US01", accessKeyExpiresAt },
      ],
      NOW,
    ),
  ).toEqual([
    { storeId: "US01", accessKeyExpiresAt, inMs: -5, warning: expect.stringMatching(/has expired/u) },
  ]);
});
