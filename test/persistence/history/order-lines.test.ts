import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { TooManyError } from "../../../src/cancellation/model/errors.js";
import type { PrismaClient } from "../../../src/persistence/generated/client.js";
import { readOrderLines } from "../../../src/persistence/history/order-sums.js";
import { createPrisma } from "../../../src/persistence/client.js";
import { cancelItem } from "../../helpers/examples.js";
import { intent, recorded, step, STORE, useLedger } from "../../helpers/ledger.js";

const CANCELS = 20;
const LINES = 50;
const ITEMS = CANCELS * LINES;
const ORDER = "ORD-CANCELLED-BIT-BY-BIT";

const fixture = useLedger();
let prisma: PrismaClient;
beforeAll(async () => {
  prisma = createPrisma(fixture.databaseUrl);
  const items = Array.from({ length: LINES }, (_, index) => cancelItem({ seq: index + 1 }));
  for (let i = 0; i < CANCELS; i += 1) {
    const one = intent({ orderNo: ORDER, items });
    await fixture.ledger.recordTransition(await recorded(fixture.ledger, one), step(one, "accepted"));
  }
});
afterAll(() => prisma.$disconnect());

test("the lines of an order add up all items of its cancels, and tell how many those are", async () => {
  const { lines, itemCount } = await fixture.history.orderLines(STORE.id, ORDER, ITEMS);
  expect(itemCount).toBe(ITEMS);
  expect(lines.map(({ seq, cancelledQuantity }) => [seq, cancelledQuantity])).toEqual(
    Array.from({ length: LINES }, (_, index) => [index + 1, CANCELS]),
  );
});

test("what is in flight counts as in doubt, in the totals and in the lines, and what failed not at all", async () => {
  const [failed, pending] = [intent({ orderNo: "ORD-IN-FLIGHT" }), intent({ orderNo: "ORD-IN-FLIGHT" })];
  await fixture.ledger.recordTransition(await recorded(fixture.ledger, failed), step(failed, "rejected"));
  await recorded(fixture.ledger, pending);
  const totals = await fixture.history.orderTotals(STORE.id, "ORD-IN-FLIGHT");
  expect([totals.cancelledTotal.toFixed(), totals.inDoubtTotal.toFixed()]).toEqual(["0", "1000"]);
  const { lines, itemCount } = await fixture.history.orderLines(STORE.id, "ORD-IN-FLIGHT", ITEMS);
  expect(itemCount).toBe(1);
  expect(lines).toEqual([expect.objectContaining({ cancelledQuantity: 0, inDoubtQuantity: 1 })]);
});

test.each([0, 1, ITEMS - 1])(
  "the lines of more items than %s, when that is the most, are not told",
  async (atMost) => {
    await expect(fixture.history.orderLines(STORE.id, ORDER, atMost)).rejects.toThrow(TooManyError);
  },
);

test("no more items are read of the database than are allowed", async () => {
  const atMost = 10;
  const read = await prisma.$transaction(async (transaction) => {
    await expect(readOrderLines(transaction, STORE.id, ORDER, atMost)).rejects.toThrow(TooManyError);
    const [counted] = await transaction.$queryRaw<{ read: number }[]>`
      SELECT (seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables
      WHERE relname = 'cancellation_item'`;
    return counted?.read;
  });
  expect(read).toBeGreaterThan(atMost);
  // A whole cancel may be read at once.
  expect(read).toBeLessThanOrEqual(LINES);
});
