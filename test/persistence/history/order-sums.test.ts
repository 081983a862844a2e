import { testOnOneServer } from "../../helpers/database.js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { OLDEST_FIRST } from "../../../src/cancellation/history/cursors.js";
import type { Cancellation } from "../../../src/cancellation/model/cancellation.js";
import { TooManyError } from "../../../src/cancellation/model/errors.js";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import type { PrismaClient } from "../../../src/persistence/generated/client.js";
import { readOrderLines, readRunningTotals } from "../../../src/persistence/history/order-sums.js";
import { amount } from "../../helpers/arbitraries.js";
import { withConnection, createPrisma } from "../../helpers/connection.js";
import { cancelItem } from "../../helpers/examples.js";
import { intent, recorded, step, STORE, useLedger } from "../../helpers/ledger.js";

const fixture = useLedger();
const MANY = 1_000;

type End = "accepted" | "rejected";
interface Step {
  readonly end: End;
  readonly total: Decimal;
}

const steps = fc.array(
  fc.record<Step>({
    end: fc.constantFrom<End>("accepted", "accepted", "rejected"),
    // Nothing is cancelled for nothing.
    total: amount(4).filter((total) => total.isPositive() && !total.isZero()),
  }),
  { minLength: 0, maxLength: 7 },
);
/** What the order's last cancel has come to; the order stays closed by it. */
const open = fc.constantFrom("in doubt", "in flight", null);

/** Cancels of an order, one after the other. */
async function cancelBitByBit(orderNo: string, history: readonly Step[]): Promise<void> {
  for (const { end, total } of history) {
    const one = intent({ orderNo, totalCancelAmount: total, items: [cancelItem({ amount: total })] });
    await fixture.ledger.recordTransition(await recorded(fixture.ledger, one), step(one, end));
  }
}

async function leaveOpen(orderNo: string, how: "in doubt" | "in flight"): Promise<void> {
  const one = intent({ orderNo });
  const pending = await recorded(fixture.ledger, one);
  if (how === "in doubt") await fixture.ledger.recordTransition(pending, step(one, "unknown"));
}

async function cancelsOf(orderNo: string): Promise<readonly Cancellation[]> {
  const window = { order: OLDEST_FIRST, direction: "forward", position: null, size: 100 } as const;
  return (await fixture.history.page({ storeIds: [STORE.id], orderNo }, window)).cancellations;
}

/** What each id should say, added up here. */
function addedUp(cancellations: readonly Cancellation[]): Map<string, string> {
  const decided = cancellations
    .filter(({ status }) => status === "SUCCEEDED")
    .map(({ id, resolvedAt, totalCancelAmount }) => ({
      id,
      at: resolvedAt?.getTime() ?? 0,
      amount: totalCancelAmount,
    }))
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  let sum = new Decimal(0);
  return new Map(decided.map(({ id, amount: more }) => [id, (sum = sum.plus(more)).toFixed()]));
}

test("the running total after each cancel is what had succeeded until then, whichever are asked for; after the last, all", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      open,
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      async (history, last, together, every) => {
        const orderNo = randomUUID();
        await cancelBitByBit(orderNo, history);
        if (last !== null) await leaveOpen(orderNo, last);
        if (together) {
          // Decided in one millisecond: then the id decides.
          const text = "UPDATE cancellation SET resolved_at = created_at WHERE order_no = $1";
          await withConnection(fixture.databaseUrl, (client) => client.query(text, [orderNo]));
        }

        const all = await cancelsOf(orderNo);
        const expected = addedUp(all);
        const ids = all.map(({ id }) => id).filter((_, n) => n % every === 0);
        const { totals } = await fixture.history.runningTotals(STORE.id, orderNo, ids, MANY);
        expect(totals.map((total) => total?.toFixed() ?? null)).toEqual(
          ids.map((id) => expected.get(id) ?? null),
        );
        const { cancelledTotal } = await fixture.history.orderTotals(STORE.id, orderNo);
        expect([...expected.values()].at(-1) ?? "0").toBe(cancelledTotal.toFixed());
      },
    ),
    { numRuns: 20 },
  );
});

test("running totals of more cancels than are allowed are not told, also when none of those is asked for", async () => {
  const orderNo = randomUUID();
  const once: Step = { end: "accepted", total: new Decimal(1) };
  await cancelBitByBit(orderNo, [once, once, once]);
  const foreign = [randomUUID()];
  const read = (atMost: number): Promise<unknown> =>
    fixture.history.runningTotals(STORE.id, orderNo, foreign, atMost);
  expect(await read(3)).toEqual({ totals: [null], cancelCount: 3 });
  await expect(read(2)).rejects.toThrow(TooManyError);
  await expect(read(0)).rejects.toThrow(TooManyError);
});

test("running totals are of the store and the order alone that are asked for", async () => {
  const orderNo = randomUUID();
  await cancelBitByBit(orderNo, [{ end: "accepted", total: new Decimal(7) }]);
  const [cancelled] = await cancelsOf(orderNo);
  const ids = [cancelled?.id ?? ""];
  expect(await fixture.history.runningTotals("ELSEWHERE", orderNo, ids, MANY)).toEqual({
    totals: [null],
    cancelCount: 0,
  });
  expect(await fixture.history.runningTotals(STORE.id, randomUUID(), ids, MANY)).toEqual({
    totals: [null],
    cancelCount: 0,
  });
});

testOnOneServer(
  "running totals are read from the order's part of the index, however many other orders there are",
  async () => {
    const orderNo = randomUUID();
    const once: Step = { end: "accepted", total: new Decimal(1) };
    await cancelBitByBit(orderNo, [once, once]);
    await withConnection(fixture.databaseUrl, async (client) => {
      await client.query(
        `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, resolved_by, currency_code,
         amount_basis, total_cancel_amount, resolved_at)
       SELECT store_id, gen_random_uuid(), 'ORD-' || n, 'copy-' || n, fingerprint, status, resolved_by, currency_code,
         amount_basis, total_cancel_amount, resolved_at
       FROM (SELECT * FROM cancellation WHERE order_no = $1 LIMIT 1) copied, generate_series(1, 3000) n`,
        [orderNo],
      );
      await client.query("ANALYZE cancellation");
    });
    const read = await prisma.$transaction(async (transaction) => {
      await readRunningTotals(transaction, STORE.id, orderNo, [randomUUID()], MANY);
      const [counted] = await transaction.$queryRaw<{ read: number }[]>`
      SELECT (seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables WHERE relname = 'cancellation'`;
      return counted?.read;
    });
    expect(read).toBe(2);
  },
);

const CANCELS = 4;
const LINES = 20;
const ITEMS = CANCELS * LINES;
const ORDER = "ORD-CANCELLED-BIT-BY-BIT";

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

test("the totals of several orders come in the order asked for, each of its own store, and zero where there is no order", async () => {
  const [cancelled, doubtful] = [randomUUID(), randomUUID()];
  await cancelBitByBit(cancelled, [
    { end: "accepted", total: new Decimal(7) },
    { end: "accepted", total: new Decimal("0.5") },
  ]);
  await leaveOpen(cancelled, "in flight");
  await leaveOpen(doubtful, "in doubt");
  const totals = await fixture.history.totalsOf([
    { storeId: STORE.id, orderNo: doubtful },
    { storeId: "ELSEWHERE", orderNo: cancelled },
    { storeId: STORE.id, orderNo: cancelled },
    { storeId: STORE.id, orderNo: randomUUID() },
  ]);
  const inWords = totals.map((one) => [one.cancelledTotal.toFixed(), one.inDoubtTotal.toFixed()]);
  expect(inWords).toEqual([
    ["0", "1000"],
    ["0", "0"],
    ["7.5", "1000"],
    ["0", "0"],
  ]);
  expect(await fixture.history.totalsOf([])).toEqual([]);
});

testOnOneServer("no more items are read of the database than are allowed", async () => {
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
