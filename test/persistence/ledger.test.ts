import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { StaleTransitionError } from "../../src/cancellation/model/errors.js";
import { withConnection } from "../helpers/connection.js";
import { cancelRequest } from "../helpers/examples.js";
import { CONFIRMATION, intent, recorded, step, STORE, useLedger } from "../helpers/ledger.js";

const fixture = useLedger();

function sql(text: string, values: unknown[] = []): Promise<any[]> {
  return withConnection(fixture.databaseUrl, async (client) => (await client.query(text, values)).rows);
}

async function cancelledTotal(orderNo: string): Promise<string> {
  return (await fixture.history.orderTotals(STORE.id, orderNo)).cancelledTotal.toFixed();
}

describe("a transition", () => {
  test.each(["accepted", "rejected", "notSent", "unknown"] as const)(
    "to what an outcome that is %s proves leaves the row as it answers, with its event",
    async (kind) => {
      const one = intent();
      const moved = await fixture.ledger.recordTransition(
        await recorded(fixture.ledger, one),
        step(one, kind),
      );
      const [events] = await fixture.history.events([moved]);

      expect(await fixture.history.find([STORE.id], one.id)).toEqual(moved);
      expect(events?.map(({ from, to }) => [from, to])).toEqual([
        [null, "PENDING"],
        ["PENDING", moved.status],
      ]);
    },
  );

  test("raced for by ten is made by one; the others are told, and leave nothing behind", async () => {
    const one = intent();
    const pending = await recorded(fixture.ledger, one);
    const kinds = ["accepted", "rejected", "unknown"] as const;
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        fixture.ledger.recordTransition(pending, step(one, kinds[n % 3] ?? "unknown")),
      ),
    );
    const winners = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    const losers = attempts.flatMap((attempt) =>
      attempt.status === "rejected" ? [attempt.reason as unknown] : [],
    );
    const [events] = await fixture.history.events([pending]);

    expect(winners).toHaveLength(1);
    expect(losers).toHaveLength(9);
    for (const error of losers) expect(error).toBeInstanceOf(StaleTransitionError);
    expect(events).toHaveLength(2);
    expect((await fixture.history.find([STORE.id], one.id))?.status).toBe(winners[0]?.status);
    expect(await cancelledTotal(one.request.orderNo)).toBe(winners[0]?.status === "SUCCEEDED" ? "1000" : "0");
  });

  test("that the rules do not know is refused before anything is written", async () => {
    const one = intent();
    const done = await fixture.ledger.recordTransition(
      await recorded(fixture.ledger, one),
      step(one, "accepted"),
    );

    await expect(fixture.ledger.recordTransition(done, step(one, "rejected"))).rejects.toThrow(
      "a cancellation cannot move from SUCCEEDED to FAILED",
    );
    expect((await fixture.history.find([STORE.id], one.id))?.status).toBe("SUCCEEDED");
  });

  test("holds amounts of EBP that no payment has, without failing", async () => {
    const one = intent();
    const confirmation = {
      ...CONFIRMATION,
      totalProductAmount: new Decimal("1e30"),
      totalDeliveryAmount: new Decimal("1e-30"),
    };
    const accepted = step(one, "accepted");
    const moved = await fixture.ledger.recordTransition(await recorded(fixture.ledger, one), {
      ...accepted,
      confirmation,
    });
    const found = await fixture.history.find([STORE.id], moved.id);

    expect(found?.totalProductAmount?.toFixed()).toBe(`1${"0".repeat(30)}`);
    expect(found?.totalDeliveryAmount?.toFixed()).toBe(`0.${"0".repeat(29)}1`);
  });
});

describe("an intent", () => {
  test("is committed whole or not at all: an item that cannot be stored leaves no row behind", async () => {
    const [line] = cancelRequest().items;
    if (line === undefined) throw new Error("the example has no items");
    const one = intent({ items: [{ ...line, amount: new Decimal(-1) }] });

    await expect(fixture.ledger.recordIntent(one)).rejects.toThrow();
    expect(await fixture.history.find([STORE.id], one.id)).toBeNull();
    expect(await sql("SELECT FROM cancelled_order WHERE order_no = $1", [one.request.orderNo])).toEqual([]);
  });
});

test("an order's total is the sum of its cancels that succeeded, whatever raced for it", async () => {
  const attempt = fc.record({
    amount: fc.integer({ min: 1, max: 1_000_000 }),
    kind: fc.constantFrom("accepted", "accepted", "rejected", "notSent"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 2, maxLength: 8 }), async (attempts) => {
      const orderNo = randomUUID();
      await Promise.all(
        attempts.map(async ({ amount, kind }) => {
          const one = intent({ orderNo, totalCancelAmount: new Decimal(amount) });
          const result = await fixture.ledger.recordIntent(one);
          if (result.kind === "recorded")
            await fixture.ledger.recordTransition(result.cancellation, step(one, kind));
          else expect(result.kind).toBe("orderBusy");
        }),
      );
      const [row] = await sql(
        `SELECT coalesce(sum(total_cancel_amount), 0)::text AS sum FROM cancellation WHERE order_no = $1 AND status = 'SUCCEEDED'`,
        [orderNo],
      );
      expect(await cancelledTotal(orderNo)).toBe(new Decimal(row.sum as string).toFixed());
    }),
    { numRuns: 15 },
  );
});
