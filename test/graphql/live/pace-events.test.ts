import { expect, test } from "@jest/globals";
import { paceEvent } from "../../../src/graphql/live/pace-events.js";

/** Denies so often, then allows; and counts how often it was asked, and for how much. */
function denying(
  times: number,
  onDenied = (): void => undefined,
): { take: Parameters<typeof paceEvent>[0]; asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    take: (points) => {
      asked.push(points);
      if (asked.length > times) return Promise.resolve({ allowed: true });
      onDenied();
      return Promise.resolve({ allowed: false, retryAfterSeconds: 0 });
    },
  };
}

test("an event is charged as much as its operation costs, once", async () => {
  const { take, asked } = denying(0);
  expect(await paceEvent(take, 7, new AbortController().signal)).toBe(true);
  expect(asked).toEqual([7]);
});

test("an event beyond the minute's worth waits until it may be read", async () => {
  const { take, asked } = denying(3);
  expect(await paceEvent(take, 7, new AbortController().signal)).toBe(true);
  expect(asked).toEqual([7, 7, 7, 7]);
});

test("nothing is read for a stream that has ended while it waited", async () => {
  const ending = new AbortController();
  const { take, asked } = denying(Infinity, () => {
    if (asked.length === 2) ending.abort();
  });
  expect(await paceEvent(take, 7, ending.signal)).toBe(false);
  expect(asked).toHaveLength(2);
});

test("a stream that has ended is not charged", async () => {
  const { take, asked } = denying(0);
  expect(await paceEvent(take, 7, AbortSignal.abort())).toBe(false);
  expect(asked).toEqual([]);
});
