import { afterEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { proven } from "../../src/cancellation/cancel/transitions.js";
import type { CancelIntent } from "../../src/cancellation/model/cancellation-ledger.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { evidenceInWords } from "../../src/cancellation/model/outcome.js";
import { evidenceFinding, lateFinding } from "../../src/cancellation/cancel/finding.js";
import { matchClaimed } from "../../src/cancellation/reconcile/match-webhook.js";
import { createEncryptor } from "../../src/persistence/encryptor.js";
import { reencrypt } from "../../src/persistence/reencrypt.js";
import {
  eraseOlderThan,
  LEAST_MONTHS_KEPT,
  withRetentionLock,
  type Erasure,
  type Retention,
  type RetentionOptions,
} from "../../src/persistence/retention.js";
import { intent, recorded, step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";
import { KEY_A, OLDEST } from "../helpers/reencrypt.js";
import { storeWebhook } from "../helpers/webhooks.js";

const ACCOUNT = { accountNumber: "0012345678901", bankCode: "001", accountHolderName: '홍 "길동' };
const MONTHS = 24;
const OLD = MONTHS + 1;
const MATCHING = { onContradiction: () => undefined };

const fixture = useRecovery();
afterEach(() => fixture.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));

async function run(options: Partial<RetentionOptions> = {}): Promise<Retention> {
  const { prisma, databaseUrl } = fixture;
  const result = await eraseOlderThan({ prisma, databaseUrl, olderThanMonths: MONTHS, ...options });
  if (result === null) throw new Error("another run holds the lock");
  return result;
}

/** What a run has counted of the store, or of the webhooks. */
function counted({ erasures }: Retention, name: string = STORE.id): Erasure | undefined {
  return erasures.find((erasure) => erasure.name === name);
}

/** One that succeeded or failed, with an account, a note and an answer; as if it had been so long ago. */
async function decided(kind: "accepted" | "rejected", months: number): Promise<CancelIntent> {
  const one = intent({ orderNo: randomUUID(), refundAccount: ACCOUNT, note: "a note\u2028of two lines" });
  await fixture.ledger.recordTransition(await recorded(fixture.ledger, one), step(one, kind));
  await letAge(one, months);
  return one;
}

async function letAge({ id }: { readonly id: string }, months: number): Promise<void> {
  const then = `now() - make_interval(months => ${months})`;
  await fixture.sql(
    `UPDATE cancellation SET created_at = ${then}, resolved_at = CASE WHEN resolved_at IS NOT NULL THEN ${then} END WHERE id = '${id}'`,
  );
  await fixture.sql(`UPDATE cancellation_event SET at = ${then} WHERE cancellation_id = '${id}'`);
}

async function rowOf(id: string): Promise<any> {
  const [row] = await fixture.sql("SELECT * FROM cancellation WHERE id = $1", [id]);
  return row;
}

async function answersOf(id: string): Promise<boolean[]> {
  const rows = await fixture.sql(
    "SELECT answer_sealed IS NOT NULL AS has_answer FROM cancellation_event WHERE cancellation_id = $1 ORDER BY number",
    [id],
  );
  return rows.map(({ has_answer }) => has_answer as boolean);
}

describe("what is erased", () => {
  test("of a cancellation is its account, its note and EBP's answers; all else is answered as before", async () => {
    const one = await decided("rejected", OLD);
    const then = await fixture.now(one);
    const events = await fixture.history.events([then], 10);

    expect(counted(await run())).toEqual({
      name: STORE.id,
      busy: 0,
      refundAccounts: 1,
      notes: 1,
      answers: 1,
      webhookBodies: 0,
    });
    expect(await fixture.now(one)).toEqual({
      ...then,
      note: null,
      refundAccount: null,
      erasedAt: expect.any(Date),
    });
    expect(await fixture.history.events([then], 10)).toEqual(events);
    expect(await answersOf(one.id)).toEqual([false, false]);
  });

  test("is nothing of what is in doubt, however old, nor of what was decided after the cutoff", async () => {
    const { pending } = await fixture.pending({ refundAccount: ACCOUNT });
    const { unknown } = await fixture.inDoubt({ refundAccount: ACCOUNT });
    const young = await decided("accepted", MONTHS - 1);
    for (const one of [pending, unknown]) await letAge(one, 10 * OLD);
    const rows = "SELECT * FROM cancellation ORDER BY id";
    const then = await fixture.sql(rows);
    await run();
    expect(await fixture.sql(rows)).toEqual(then);
    expect(await answersOf(unknown.id)).toEqual([false, true]);
    expect(await answersOf(young.id)).toEqual([false, true]);
  });

  test("is not a late answer, until it is older than the cutoff too: somebody may still have to see it", async () => {
    const { id } = await decided("accepted", OLD);
    const late = evidenceFinding("LOOKUP", { ...evidenceInWords("learnt late"), rawAnswer: "late" });
    await fixture.ledger.recordFinding({ storeId: STORE.id, id }, late);
    await run();
    expect(await answersOf(id)).toEqual([false, false, true]);

    await letAge({ id }, OLD);
    expect(counted(await run())).toMatchObject({ refundAccounts: 0, answers: 1 });
    expect(await answersOf(id)).toEqual([false, false, false]);
  });

  test("is not the body of a webhook whose order has an open or a recently decided cancellation", async () => {
    const { unknown } = await fixture.inDoubt();
    const [young, old] = [await decided("accepted", 1), await decided("accepted", OLD)];
    const orders = [unknown.orderNo, young.request.orderNo, old.request.orderNo, "nobody's"];
    for (const orderNo of orders) await storeWebhook(fixture, { kind: "CAPTURED", orderNo });
    await fixture.sql(`UPDATE webhook_event SET received_at = now() - make_interval(months => ${OLD})`);
    expect(counted(await run(), "webhooks")?.webhookBodies).toBe(2);
    const kept = await fixture.sql("SELECT order_no FROM webhook_event WHERE body_sealed IS NOT NULL");
    expect(kept.map(({ order_no }) => order_no).sort()).toEqual(orders.slice(0, 2).sort());
  });

  test.each([LEAST_MONTHS_KEPT - 1, LEAST_MONTHS_KEPT + 0.5, 0, -MONTHS, Number.NaN, 1_201])(
    "is nothing when the cutoff is %p months ago",
    async (olderThanMonths) => {
      await expect(run({ olderThanMonths })).rejects.toThrow("expected 13 to 1200 whole months, found");
    },
  );

  test("is only counted in a dry run", async () => {
    const { id } = await decided("accepted", LEAST_MONTHS_KEPT + 1);
    const then = await rowOf(id);
    const result = await run({ olderThanMonths: LEAST_MONTHS_KEPT, isDryRun: true });
    expect(counted(result)).toMatchObject({ refundAccounts: 1, notes: 1, answers: 1 });
    expect(await rowOf(id)).toEqual(then);
    expect(await answersOf(id)).toEqual([false, true]);
  });
});

describe("an erased cancellation", () => {
  test("is settled by a webhook that comes late", async () => {
    const one = await decided("accepted", OLD);
    await run();
    const { orderNo, totalCancelAmount: amount } = one.request;
    const { digest } = await storeWebhook(fixture, { orderNo, amount });
    const inbox = fixture.inbox;
    expect(await matchClaimed({ inbox, ...MATCHING }, { digest, isLast: false })).toBe("matched");
    expect((await fixture.now(one)).settlement).toBe("REFUND_REQUESTED");
  });

  test("still has a proof against it recorded, and is then not safe to retry", async () => {
    const one = await decided("rejected", OLD);
    await run();
    const proof = proven("LOOKUP", evidenceInWords("it was cancelled"));
    const finding = lateFinding(await fixture.now(one), proof);
    expect(await fixture.ledger.recordFinding({ storeId: STORE.id, id: one.id }, finding)).toBe(true);
    expect(await fixture.now(one)).toMatchObject({
      status: "FAILED",
      safeToRetry: false,
      discrepancies: [{ field: "status" }],
    });
  });

  test("does not keep the rest from being encrypted with a new key", async () => {
    const [old, young] = [await decided("rejected", OLD), await decided("rejected", 1)];
    await run();
    const result = await reencrypt({ prisma: fixture.prisma, encryptor: createEncryptor([KEY_A, OLDEST]) });
    expect(result).toMatchObject({ end: "done", moved: 2, unopenable: 0 });
    expect((await rowOf(old.id)).refund_account_key_id).toBeNull();
    expect((await rowOf(young.id)).refund_account_key_id).toBe("a");
  });
});

test("a webhook whose body was erased is the same event when it comes again, and tells what was captured", async () => {
  const inbox = fixture.inbox;
  const captured = { kind: "CAPTURED", orderNo: "ORD-1", amount: new Decimal(5_000) } as const;
  const { digest, body } = await storeWebhook(fixture, captured);
  expect(await matchClaimed({ inbox, ...MATCHING }, { digest, isLast: false })).toBe("ignored");
  await fixture.sql(`UPDATE webhook_event SET received_at = now() - make_interval(months => ${OLD})`);
  expect(counted(await run(), "webhooks")?.webhookBodies).toBe(1);

  const again = await storeWebhook(fixture, { kind: "CAPTURED" }, { body: body.toString() });
  expect(again.result).toBe("repeated");
  const { unknown } = await fixture.inDoubt({ orderNo: "ORD-1" });
  await fixture.letBeDue(unknown);
  const [claim] = await fixture.queue.claimDue(1);
  const opened = claim === undefined ? null : await fixture.queue.open(claim);
  expect(opened?.capturedAmount?.toFixed()).toBe("5000");
});

describe("a run", () => {
  test("leaves a row that another process is writing to the next run, and makes nobody wait", async () => {
    const [held, free] = [await decided("accepted", OLD), await decided("accepted", OLD)];
    const { orderNo } = free.request;
    const { pending } = await fixture.pending({ orderNo });
    await fixture.prisma.$transaction(async (writer) => {
      await writer.$executeRaw`UPDATE cancellation SET lookups = lookups + 1 WHERE id = ${held.id}::uuid`;
      // A process that writes an outcome holds the order's row.
      await writer.$queryRaw`SELECT FROM cancelled_order WHERE order_no = ${orderNo} FOR UPDATE`;
      expect(counted(await run())).toMatchObject({ refundAccounts: 1, busy: 1 });
    });
    expect((await rowOf(held.id)).erased_at).toBeNull();
    expect((await fixture.now(pending)).status).toBe("PENDING");
    expect((await fixture.history.orderTotals(STORE.id, orderNo)).cancelledTotal.toFixed()).toBe("1000");
    expect(counted(await run())).toMatchObject({ refundAccounts: 1, busy: 0 });
  });

  test("does nothing while another one is at work", async () => {
    const { id } = await decided("accepted", OLD);
    const { prisma, databaseUrl } = fixture;
    const second = await withRetentionLock(databaseUrl, () =>
      eraseOlderThan({ prisma, databaseUrl, olderThanMonths: MONTHS }),
    );
    expect(second).toBeNull();
    expect((await rowOf(id)).erased_at).toBeNull();
  });

  test("that is stopped has erased whole batches, and the next one goes on", async () => {
    for (let n = 0; n < 5; n += 1) await decided("accepted", OLD);
    let batches = 0;
    const stopped = await run({
      batchRows: 2,
      onBatch: () => (batches += 1),
      isStopping: () => batches > 0,
    });
    expect(stopped.isStopped).toBe(true);
    expect(counted(stopped)?.refundAccounts).toBe(2);
    expect(counted(await run())?.refundAccounts).toBe(3);
  });
});
