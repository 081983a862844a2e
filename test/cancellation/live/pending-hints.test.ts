import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { MAX_PENDING, PendingHints } from "../../../src/cancellation/live/follower.js";
import type { ChangeHint } from "../../../src/cancellation/live/change.js";

const hint = (id: number, version = 1): ChangeHint => ({ storeId: "A", id: `${id}`, orderNo: "1", version });

test("whoever looks slowly finds each cancellation once, with its newest hint, in the order in which they first came", async () => {
  const some = fc.array(fc.tuple(fc.nat(8), fc.integer({ min: 1, max: 5 })), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(some, async (added) => {
      const pending = new PendingHints();
      for (const [id, version] of added) pending.add(hint(id, version));
      const ids = [...new Set(added.map(([id]) => id))];
      for (const id of ids) {
        const newest = Math.max(...added.filter(([other]) => other === id).map(([, version]) => version));
        expect(await pending.take()).toEqual(hint(id, newest));
      }
      pending.end();
      expect(await pending.take()).toBeNull();
    }),
  );
});

test("whoever waits is woken by a hint, and by the end", async () => {
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

test("whoever is too far behind is told so, instead of missing something unawares", async () => {
  const pending = new PendingHints();
  for (let id = 0; id < MAX_PENDING; id += 1) pending.add(hint(id));
  // As many hints as you like, while they are of the same cancellations.
  for (let id = 0; id < MAX_PENDING; id += 1) pending.add(hint(id, 2));
  expect(await pending.take()).toEqual(hint(0, 2));
  for (let id = 0; id < 2; id += 1) pending.add(hint(MAX_PENDING + id));
  await expect(pending.take()).rejects.toThrow("more has changed than can be told");
});
