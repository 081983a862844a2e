import { afterEach, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import type pg from "pg";
import type { CancelRequest, RefundAccount } from "../../src/cancellation/model/cancel-request.js";
import { isSameRequest } from "../../src/cancellation/request/request-fields.js";
import {
  eraseOlderThan,
  LEAST_MONTHS_KEPT,
  type Counts,
  type Retention,
  type RetentionOptions,
} from "../../src/persistence/retention.js";
import { items } from "../helpers/arbitraries.js";
import { withConnection } from "../helpers/connection.js";
import {
  FIRST_MOMENT,
  historyRows,
  insertHistory,
  MINUTE_MS,
  MINUTES,
  type HistoryRow,
} from "../helpers/history-rows.js";
import { intent, recorded, step, STORE } from "../helpers/ledger.js";
import { useRecovery } from "../helpers/recovery.js";

const MONTHS = 24;
/** Between the moments of a history, so that about half of it is old enough. */
const MIDDLE = FIRST_MOMENT + (MINUTES / 2) * MINUTE_MS + 30_000;

const fixture = useRecovery();
afterEach(() => fixture.sql("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE"));

async function run(options: Partial<RetentionOptions> = {}): Promise<Retention> {
  const { prisma, databaseUrl } = fixture;
  // Batches so small that a handful of rows fills several.
  const result = await eraseOlderThan({
    prisma,
    databaseUrl,
    olderThanMonths: MONTHS,
    batchRows: 3,
    ...options,
  });
  if (result === null) throw new Error("another run holds the lock");
  return result;
}

interface Extra {
  readonly note: string | null;
  readonly hasAccount: boolean;
  /** Minutes from the first moment of the history, and how many bytes EBP answered; null: nothing. */
  readonly events: readonly { readonly minute: number; readonly answer: number | null }[];
}

const minute = fc.nat(MINUTES + 5);
const extra: fc.Arbitrary<Extra> = fc.record({
  note: fc.option(fc.constantFrom("two\nlines", "늦은 배송 🙂", "")),
  hasAccount: fc.boolean(),
  events: fc.array(fc.record({ minute, answer: fc.option(fc.nat(500)) }), { maxLength: 4 }),
});
const history = fc.record({
  rows: historyRows({ min: 0, max: 25 }),
  extras: fc.array(extra, { minLength: 25, maxLength: 25 }),
  webhooks: fc.array(fc.record({ row: fc.option(fc.nat(24)), minute }), { maxLength: 8 }),
});
interface History {
  readonly rows: readonly HistoryRow[];
  readonly extras: readonly Extra[];
  /** About the order of a row, or of nobody. */
  readonly webhooks: readonly { readonly row: number | null; readonly minute: number }[];
}

const momentOf = (at: number): Date => new Date(FIRST_MOMENT + at * MINUTE_MS);

async function insert(client: pg.Client, { rows, extras, webhooks }: History): Promise<void> {
  await client.query("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE");
  await insertHistory(client, rows);
  for (const [n, { id }] of rows.entries()) {
    const { note = null, hasAccount = false, events = [] } = extras[n] ?? {};
    const account = hasAccount ? ["001", "7890", "J** D**", randomBytes(90), "2026"] : Array(5).fill(null);
    await client.query(
      `UPDATE cancellation SET note = $2, bank_code = $3, account_last_four = $4, account_holder_masked = $5,
         refund_account_sealed = $6, refund_account_key_id = $7 WHERE id = $1`,
      [id, note, ...account],
    );
    for (const [index, { minute: at, answer }] of events.entries()) {
      await client.query(
        `INSERT INTO cancellation_event (store_id, cancellation_id, number, at, to_status, source, evidence, answer_sealed, answer_key_id)
         SELECT store_id, id, $2, $3, 'PENDING', 'LOOKUP', '{"digest": "d"}', $4, $5 FROM cancellation WHERE id = $1`,
        [id, index + 1, momentOf(at), ...(answer === null ? [null, null] : [randomBytes(answer), "2026"])],
      );
    }
  }
  for (const { row, minute: at } of webhooks) {
    const { storeId = "nobody", orderNo = "nobody's" } = (row === null ? undefined : rows[row]) ?? {};
    await client.query(
      `INSERT INTO webhook_event (store_id, digest, kind, store_ids, order_no, is_of_success, body_sealed, body_key_id, received_at)
       VALUES ($2, $1, 'CAPTURED', ARRAY[$2::text], $3, true, $4, '2026', $5)`,
      [randomBytes(32).toString("hex"), storeId, orderNo, randomBytes(200), momentOf(at)],
    );
  }
  const shift = `(now() - make_interval(months => ${MONTHS}) - timestamptz '${new Date(MIDDLE).toISOString()}')`;
  await client.query(
    `UPDATE cancellation SET created_at = created_at + ${shift}, resolved_at = resolved_at + ${shift}`,
  );
  await client.query(`UPDATE cancellation_event SET at = at + ${shift}`);
  await client.query(`UPDATE webhook_event SET received_at = received_at + ${shift}`);
}

type Table =
  "cancellation" | "cancellation_item" | "cancellation_event" | "cancelled_order" | "webhook_event";
type Dump = Readonly<Record<Table, readonly any[]>>;

async function dump(client: pg.Client): Promise<Dump> {
  const all = async (table: Table): Promise<any[]> =>
    (await client.query(`SELECT * FROM ${table} ORDER BY 1, 2, 3`)).rows;
  return {
    cancellation: await all("cancellation"),
    cancellation_item: await all("cancellation_item"),
    cancellation_event: await all("cancellation_event"),
    cancelled_order: await all("cancelled_order"),
    webhook_event: await all("webhook_event"),
  };
}

/** What must be left after an erasure, and how much of each was there to erase. */
function erased(then: Dump, cutoff: Date): { after: Dump; counts: Counts } {
  const counts = { refundAccounts: 0, notes: 0, answers: 0, webhookBodies: 0 };
  const isOld = (row: any): boolean => row.resolved_at !== null && row.resolved_at < cutoff;
  const touched = new Set<string>();
  const events = then.cancellation_event.map((event) => {
    const owner = then.cancellation.find(({ id }) => id === event.cancellation_id);
    if (!isOld(owner) || event.at >= cutoff || event.answer_sealed === null) return event;
    counts.answers += 1;
    touched.add(owner.id);
    return { ...event, answer_sealed: null, answer_key_id: null };
  });
  const cancellations = then.cancellation.map((row) => {
    const hasAccount = row.refund_account_sealed !== null;
    if (!isOld(row) || (!hasAccount && row.note === null && !touched.has(row.id))) return row;
    if (hasAccount) counts.refundAccounts += 1;
    if (row.note !== null) counts.notes += 1;
    const account = { bank_code: null, account_last_four: null, account_holder_masked: null };
    const encrypted = { refund_account_sealed: null, refund_account_key_id: null };
    const marks = { is_account_known: !hasAccount, erased_at: expect.any(Date) };
    return { ...row, note: null, ...account, ...encrypted, ...marks };
  });
  const webhooks = then.webhook_event.map((webhook) => {
    const isOfRecent = then.cancellation.some(
      (row) => webhook.store_ids.includes(row.store_id) && row.order_no === webhook.order_no && !isOld(row),
    );
    if (webhook.received_at >= cutoff || isOfRecent) return webhook;
    counts.webhookBodies += 1;
    return { ...webhook, body_sealed: null, body_key_id: null };
  });
  const after = {
    ...then,
    cancellation: cancellations,
    cancellation_event: events,
    webhook_event: webhooks,
  };
  return { after, counts };
}

function totals({ erasures }: Retention): Counts {
  const sum = (name: keyof Counts): number => erasures.reduce((all, { [name]: more }) => all + more, 0);
  return {
    refundAccounts: sum("refundAccounts"),
    notes: sum("notes"),
    answers: sum("answers"),
    webhookBodies: sum("webhookBodies"),
  };
}

test("whatever the history, a run erases all personal data that are old enough, counts them, and changes nothing else", async () => {
  let all = 0;
  await fc.assert(
    fc.asyncProperty(history, (given) =>
      withConnection(fixture.databaseUrl, async (client) => {
        await insert(client, given);
        const then = await dump(client);
        const counted = await run({ isDryRun: true });
        expect(await dump(client)).toEqual(then);

        const result = await run();
        const { after, counts } = erased(then, result.cutoff);
        expect(await dump(client)).toEqual(after);
        expect(totals(result)).toEqual(counts);
        expect(totals(counted)).toEqual(counts);

        expect(totals(await run())).toEqual(totals({ ...result, erasures: [] }));
        all += counts.refundAccounts + counts.answers + counts.webhookBodies;
      }),
    ),
    { numRuns: 15 },
  );
  expect(all).toBeGreaterThan(0);
});

const account: fc.Arbitrary<RefundAccount> = fc.record({
  accountNumber: fc.stringMatching(/^\d{10,14}$/u),
  bankCode: fc.option(fc.constantFrom("001", "088")),
  accountHolderName: fc.option(fc.constantFrom("홍길동", "J. Doe")),
});
const asked = fc.record({
  refundAccount: fc.option(account),
  note: fc.option(fc.constantFrom("call before noon", "")),
  reason: fc.option(fc.constantFrom("damaged", "")),
  // PostgreSQL refuses a total of zero, as the check of a request does before it.
  items: items(0, 2).filter((lines) => lines.some(({ amount }) => amount.gt(0))),
  kind: fc.constantFrom("accepted" as const, "rejected" as const),
});

/** Whether a repeated request with this key is taken for the first one. */
async function isReplay(request: CancelRequest): Promise<boolean> {
  const known = await fixture.history.findRequestByKey(STORE.id, request.idempotencyKey);
  return known !== null && isSameRequest(request, known.identity);
}

test("erasing never changes what a replay answers: the same request is recognised, and one that asks for something else is refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 4 }), account, async (all, other) => {
      const intents = [];
      for (const { kind, ...request } of all) {
        const one = intent(request);
        await fixture.ledger.recordTransition(await recorded(fixture.ledger, one), step(one, kind));
        intents.push(one.request);
      }
      const then = `now() - make_interval(months => ${MONTHS + 1})`;
      await fixture.sql(`UPDATE cancellation SET created_at = ${then}, resolved_at = ${then}`);
      const variants = intents.flatMap((request) => [
        request,
        { ...request, note: "another note" },
        { ...request, reason: "another reason" },
        { ...request, totalCancelAmount: request.totalCancelAmount.plus(1) },
        // Another account in place of one is the exception: see below.
        ...(request.refundAccount === null ? [{ ...request, refundAccount: other }] : []),
      ]);
      const before = await Promise.all(variants.map(isReplay));
      await run();
      expect(await Promise.all(variants.map(isReplay))).toEqual(before);
      expect(before.filter(Boolean)).toHaveLength(intents.length);
      // No digest of an account is kept, since it could be reversed. Nothing is sent for a used key, so no money moves.
      for (const request of intents.filter(({ refundAccount }) => refundAccount !== null)) {
        expect(await isReplay({ ...request, refundAccount: other })).toBe(true);
      }
      await fixture.sql("TRUNCATE cancelled_order, cancellation CASCADE");
    }),
    { numRuns: 8 },
  );
});

test.each([LEAST_MONTHS_KEPT - 1, LEAST_MONTHS_KEPT + 0.5, Number.NaN, 1_201])(
  "nothing is erased when the cutoff is %p months ago",
  async (olderThanMonths) => {
    await expect(run({ olderThanMonths })).rejects.toThrow("expected 13 to 1200 whole months, found");
  },
);

test("a run leaves a row that another process is writing to the next run, and makes nobody wait", async () => {
  const two = [intent({ note: "held" }), intent({ note: "free" })] as const;
  for (const one of two)
    await fixture.ledger.recordTransition(await recorded(fixture.ledger, one), step(one, "accepted"));
  await fixture.sql(
    `UPDATE cancellation SET created_at = created_at - interval '3 years', resolved_at = resolved_at - interval '3 years'`,
  );
  const [held, free] = two;
  await fixture.prisma.$transaction(async (writer) => {
    await writer.$executeRaw`UPDATE cancellation SET lookups = lookups + 1 WHERE id = ${held.id}::uuid`;
    // A process that writes an outcome holds the order's row.
    await writer.$queryRaw`SELECT FROM cancelled_order WHERE order_no = ${free.request.orderNo} FOR UPDATE`;
    expect((await run()).erasures[0]).toMatchObject({ notes: 1, busy: 1 });
  });
  expect((await fixture.now(held)).note).toBe("held");
  expect((await run()).erasures[0]).toMatchObject({ notes: 1, busy: 0 });
});
