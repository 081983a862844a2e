import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { evidenceFinding, proven } from "../../src/cancellation/cancel/transitions.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { StaleTransitionError } from "../../src/cancellation/model/errors.js";
import { evidenceInWords } from "../../src/cancellation/model/outcome.js";
import { answerAbout } from "../../src/persistence/encryptor.js";
import { cancelRequest } from "../helpers/examples.js";
import { CONFIRMATION, intent, recorded, step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const fixture = useRecovery();

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
    expect(
      await fixture.sql("SELECT FROM cancelled_order WHERE order_no = $1", [one.request.orderNo]),
    ).toEqual([]);
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
      const [row] = await fixture.sql(
        `SELECT coalesce(sum(total_cancel_amount), 0)::text AS sum FROM cancellation WHERE order_no = $1 AND status = 'SUCCEEDED'`,
        [orderNo],
      );
      expect(await cancelledTotal(orderNo)).toBe(new Decimal(row.sum as string).toFixed());
    }),
    { numRuns: 15 },
  );
});

const SEEN = evidenceFinding("LOOKUP", {
  ...evidenceInWords("seen"),
  httpStatus: 200,
  resultCode: "0",
  requestId: "REQ-9",
  timestamp: "2027-01-01T00:00:00Z",
  digest: "d".repeat(64),
  rawAnswer: '{"resultCode":"0"}',
});

async function numbersOf(id: string): Promise<number[]> {
  const rows = await fixture.sql(
    "SELECT number FROM cancellation_event WHERE cancellation_id = $1 ORDER BY number",
    [id],
  );
  return rows.map(({ number }) => number as number);
}

describe("a finding", () => {
  test("becomes an event that leaves the status, the plan and who is in charge as they are", async () => {
    const { unknown } = await fixture.inDoubt();
    expect(await fixture.ledger.recordFinding(unknown, SEEN)).toBe(true);
    const [events] = await fixture.history.events([unknown]);
    const [row] = await fixture.sql(
      "SELECT answer_sealed AS sealed, answer_key_id AS key_id FROM cancellation_event WHERE cancellation_id = $1 AND number = 3",
      [unknown.id],
    );

    expect(await fixture.now(unknown)).toEqual(unknown);
    expect(events?.at(-1)).toMatchObject({
      from: "UNKNOWN",
      to: "UNKNOWN",
      source: "LOOKUP",
      evidence: { basis: "seen", httpStatus: 200, requestId: "REQ-9", digest: "d".repeat(64) },
    });
    const encrypted = { bytes: Uint8Array.from(row.sealed), keyId: row.key_id };
    expect(fixture.encryptor.decrypt(encrypted, answerAbout(unknown)).toString()).toBe('{"resultCode":"0"}');
  });

  test("is kept whoever is in charge, and whatever the state", async () => {
    const { one, pending } = await fixture.pending();
    expect(await fixture.ledger.recordFinding(pending, SEEN)).toBe(true);
    const done = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    await fixture.sql("UPDATE cancellation SET fencing_token = 9 WHERE id = $1", [done.id]);
    expect(await fixture.ledger.recordFinding(done, SEEN)).toBe(true);
    expect((await fixture.now(done)).status).toBe("SUCCEEDED");
    expect(await numbersOf(done.id)).toEqual([1, 2, 3, 4]);
  });

  test("of a cancellation that is not there is not kept, and says so", async () => {
    expect(await fixture.ledger.recordFinding({ storeId: STORE.id, id: randomUUID() }, SEEN)).toBe(false);
    const { unknown } = await fixture.inDoubt();
    expect(await fixture.ledger.recordFinding({ storeId: "OTHER", id: unknown.id }, SEEN)).toBe(false);
    expect(await numbersOf(unknown.id)).toEqual([1, 2]);
  });

  test("settles what has succeeded and is awaited, once", async () => {
    const { one, pending } = await fixture.pending();
    const settling = { ...SEEN, source: "WEBHOOK" as const, settlement: "VOIDED" as const };
    expect(await fixture.ledger.recordFinding(pending, settling)).toBe(false);
    const done = await fixture.ledger.recordTransition(pending, step(one, "accepted"));
    const attempts = await Promise.all(
      Array.from({ length: 5 }, () => fixture.ledger.recordFinding(done, settling)),
    );
    expect(attempts.filter((kept) => kept)).toHaveLength(1);
    expect((await fixture.now(done)).settlement).toBe("VOIDED");
    expect(await fixture.ledger.recordFinding(done, { ...settling, settlement: "REFUND_REQUESTED" })).toBe(
      false,
    );
    expect((await fixture.now(done)).settlement).toBe("VOIDED");
  });

  test("settles nothing of what failed or is in doubt", async () => {
    const { unknown } = await fixture.inDoubt();
    const failed = await fixture.pending();
    await fixture.ledger.recordTransition(failed.pending, step(failed.one, "rejected"));
    for (const one of [unknown, failed.pending]) {
      expect(await fixture.ledger.recordFinding(one, { ...SEEN, settlement: "VOIDED" })).toBe(false);
      expect((await fixture.now(one)).settlement).toBeNull();
    }
  });
});

test("events are numbered from 1 without a gap while 20 findings and steps race, and the order's total counts it once", async () => {
  const { unknown } = await fixture.inDoubt();
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      n % 4 === 0
        ? fixture.ledger.recordTransition(unknown, proven("LOOKUP", evidenceInWords(`step ${n}`)))
        : fixture.ledger.recordFinding(unknown, SEEN),
    ),
  );
  const lost = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const totals = await fixture.history.orderTotals(STORE.id, unknown.orderNo);
  const [events] = await fixture.history.events([unknown]);

  expect(lost).toHaveLength(4);
  for (const error of lost) expect(error).toBeInstanceOf(StaleTransitionError);
  expect(await numbersOf(unknown.id)).toEqual(Array.from({ length: 2 + 15 + 1 }, (_, n) => n + 1));
  expect(events?.filter(({ from, to }) => from !== to).map(({ to }) => to)).toEqual([
    "PENDING",
    "UNKNOWN",
    "SUCCEEDED",
  ]);
  expect(totals.cancelledTotal.toFixed()).toBe("1000");
});
