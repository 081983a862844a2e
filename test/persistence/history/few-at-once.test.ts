import { expect, test } from "@jest/globals";
import { BusyError } from "../../../src/cancellation/model/errors.js";
import { createSemaphore } from "../../../src/persistence/history/stats.js";

test("so many go on at once, the next in order, and who finds too many waiting is turned away", async () => {
  const enter = createSemaphore(2, 2);
  const begun: number[] = [];
  const ends = new Map<number, (error?: Error) => void>();
  const start = (n: number): Promise<void> =>
    enter(() => {
      begun.push(n);
      return new Promise((resolve, reject) => ends.set(n, (error) => (error ? reject(error) : resolve())));
    });
  const [first, second, third, fourth] = [start(1), start(2), start(3), start(4)];
  await expect(start(5)).rejects.toBeInstanceOf(BusyError);
  expect(begun).toEqual([1, 2]);

  // A place is handed on also by who fails.
  ends.get(2)?.(new Error("failed"));
  await expect(second).rejects.toThrow("failed");
  expect(begun).toEqual([1, 2, 3]);
  ends.get(1)?.();
  await first;
  expect(begun).toEqual([1, 2, 3, 4]);

  for (const n of [3, 4]) ends.get(n)?.();
  await Promise.all([third, fourth]);
  const sixth = start(6);
  expect(begun).toEqual([1, 2, 3, 4, 6]);
  ends.get(6)?.();
  await sixth;
});
