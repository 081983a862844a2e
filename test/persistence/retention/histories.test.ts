import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import type pg from "pg";
import type { WebhookKind } from "../../../src/cancellation/model/webhook-inbox.js";
import type { PrismaClient } from "../../../src/persistence/generated/client.js";
import { createPrisma } from "../../../src/persistence/prisma.js";
import { retain, type Retention } from "../../../src/persistence/retention/retain.js";
import {
  archivedById,
  dump,
  EMPTIED,
  eventsOf,
  expectSameRow,
  filesIn,
  itemsOf,
  linesIn,
  useFolders,
  type Dump,
} from "../../helpers/archives.js";
import { withConnection } from "../../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.js";
import {
  FIRST_MOMENT,
  historyRows,
  insertHistory,
  MINUTE_MS,
  MINUTES,
  type HistoryRow,
} from "../../helpers/history-rows.js";
import { MONTHS, SMALL } from "../../helpers/retention.js";

/** Between the moments of a history, so that about half of it is old enough. */
const MIDDLE = FIRST_MOMENT + (MINUTES / 2) * MINUTE_MS + 30_000;

interface Extra {
  readonly note: string | null;
  readonly hasAccount: boolean;
  readonly hasDetails: boolean;
  /** Minutes from the first moment of the history, and how much EBP answered; null: nothing. */
  readonly events: readonly { readonly minute: number; readonly answer: number | null }[];
}

interface Webhook {
  readonly kind: WebhookKind;
  readonly state: "WAITING" | "MATCHED" | "ATTACHED" | "IGNORED";
  readonly minute: number;
}

const minute = fc.nat(MINUTES + 5);
const extra: fc.Arbitrary<Extra> = fc.record({
  note: fc.option(fc.constantFrom("two\nlines", "a\u2028b", '"quoted" \\', "늦은 배송 🙂", "")),
  hasAccount: fc.boolean(),
  hasDetails: fc.boolean(),
  events: fc.array(fc.record({ minute, answer: fc.option(fc.nat(500)) }), { maxLength: 6 }),
});
const webhook: fc.Arbitrary<Webhook> = fc.record({
  kind: fc.constantFrom<WebhookKind>("VOIDED", "REFUND_REQUESTED", "CAPTURED", "OTHER"),
  state: fc.constantFrom("WAITING", "MATCHED", "ATTACHED", "IGNORED"),
  minute,
});
const history = fc.record({
  rows: historyRows({ min: 0, max: 25 }),
  extras: fc.array(extra, { minLength: 25, maxLength: 25 }),
  webhooks: fc.array(webhook, { maxLength: 8 }),
});

let database: TestDatabase;
let prisma: PrismaClient;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrisma(database.url);
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});
const newFolder = useFolders();

async function insert(client: pg.Client, given: History): Promise<void> {
  await client.query("TRUNCATE cancelled_order, cancellation, webhook_event CASCADE");
  await insertHistory(client, given.rows);
  for (const [n, { id }] of given.rows.entries()) {
    const { note = null, hasAccount = false, hasDetails = false, events = [] } = given.extras[n] ?? {};
    await client.query(
      `UPDATE cancellation SET note = $2, bank_code = $3, account_last_four = $4, account_holder_masked = $5,
         refund_account_sealed = $6, refund_account_key_id = $7, failure_details = $8, event_count = $9 WHERE id = $1`,
      [
        id,
        note,
        ...(hasAccount
          ? ["001", "7890", "J** D**", randomBytes(90), "2026"]
          : [null, null, null, null, null]),
        hasDetails ? '[{"field": "orderNo", "message": "unknown"}]' : "[]",
        Math.max(1, events.length),
      ],
    );
    for (const [index, { minute, answer }] of events.entries()) {
      await client.query(
        `INSERT INTO cancellation_event (store_id, cancellation_id, number, at, to_status, source, evidence, answer_sealed, answer_key_id)
         SELECT store_id, id, $2, $3, 'PENDING', 'LOOKUP', '{"httpStatus": 200}', $4, $5 FROM cancellation WHERE id = $1`,
        [
          id,
          index + 1,
          momentOf(minute),
          answer === null ? null : randomBytes(answer),
          answer === null ? null : "2026",
        ],
      );
    }
  }
  await client.query(
    `INSERT INTO cancelled_order SELECT store_id, order_no, sum(total_cancel_amount) FILTER (WHERE status = 'SUCCEEDED')
     FROM cancellation GROUP BY store_id, order_no HAVING bool_or(status = 'SUCCEEDED')`,
  );
  for (const { kind, state, minute } of given.webhooks) {
    await client.query(
      `INSERT INTO webhook_event (digest, kind, state, store_ids, amount, is_of_success, body_sealed, body_key_id, received_at)
       VALUES ($1, $2, $3, '{KR01,"US, 01"}', 12345678901234567890.1230, true, $4, '2026', $5)`,
      [randomBytes(32).toString("hex"), kind, state, randomBytes(200), momentOf(minute)],
    );
  }
  // So that the limit falls into the middle.
  const shift = `(now() - make_interval(months => ${MONTHS}) - timestamptz '${new Date(MIDDLE).toISOString()}')`;
  await client.query(
    `UPDATE cancellation SET created_at = created_at + ${shift}, resolved_at = resolved_at + ${shift}, in_doubt_since = in_doubt_since + ${shift}`,
  );
  await client.query(`UPDATE cancellation_item SET created_at = created_at + ${shift}`);
  await client.query(`UPDATE cancellation_event SET at = at + ${shift}`);
  await client.query(`UPDATE webhook_event SET received_at = received_at + ${shift}`);
}

interface History {
  readonly rows: readonly HistoryRow[];
  readonly extras: readonly Extra[];
  readonly webhooks: readonly Webhook[];
}

function momentOf(minute: number): Date {
  return new Date(FIRST_MOMENT + minute * MINUTE_MS);
}

async function run(folder: string): Promise<Retention> {
  const parts = { prisma, databaseUrl: database.url, olderThanMonths: MONTHS, folder, sizes: SMALL };
  const result = await retain(parts);
  if (result?.end !== "done") throw new Error(`the run ended with ${String(result?.end)}`);
  return result;
}

/** Decided, and nothing was learnt of it since the limit. */
function isDue(row: any, events: readonly any[], limit: Date): boolean {
  return row.resolved_at !== null && row.resolved_at < limit && events.every(({ at }) => at < limit);
}

function expectCancellations(then: Dump, now: Dump, lines: readonly any[], limit: Date): void {
  const archived = archivedById(lines);
  const due = then.cancellation.filter((row) => isDue(row, eventsOf(then, row.id), limit));
  expect([...archived.keys()].sort()).toEqual(due.map(({ id }) => id as string).sort());
  for (const row of then.cancellation) {
    const [items, events] = [itemsOf(then, row.id), eventsOf(then, row.id)];
    const found = now.cancellation.find(({ id }) => id === row.id);
    const file = archived.get(row.id);
    expect(itemsOf(now, row.id)).toEqual(items);
    expect(eventsOf(now, row.id)).toEqual(file === undefined ? events : []);
    if (file === undefined) {
      expect(found).toEqual(row);
      continue;
    }
    expect(found).toEqual({ ...row, ...EMPTIED, archived_at: expect.any(Date) });
    expectSameRow(file.row, row);
    expect([file.items.length, file.events.length]).toEqual([items.length, events.length]);
    for (const [n, item] of items.entries()) expectSameRow(file.items[n], item);
    for (const [n, event] of events.entries()) expectSameRow(file.events[n], event);
  }
}

function expectWebhooks(then: Dump, now: Dump, lines: readonly any[], limit: Date): void {
  const archived = new Map(
    lines.flatMap(({ webhook }) => (webhook === undefined ? [] : [[webhook.digest, webhook]])),
  );
  for (const row of then.webhook_event) {
    const found = now.webhook_event.find(({ digest }) => digest === row.digest);
    if (row.received_at >= limit) {
      expect(found).toEqual(row);
      expect(archived.has(row.digest)).toBe(false);
      continue;
    }
    expectSameRow(archived.get(row.digest), row);
    if (row.kind === "OTHER" && row.state === "IGNORED") expect(found).toBeUndefined();
    else expect(found).toEqual({ ...row, body_sealed: null, body_key_id: null });
  }
}

test("whatever the history, all that is taken out of the database is in the files as it was, and nothing else has changed", async () => {
  let archived = 0;
  await fc.assert(
    fc.asyncProperty(history, async (given) => {
      const folder = await newFolder();
      await withConnection(database.url, async (client) => {
        const sql = async (text: string): Promise<any[]> => (await client.query(text)).rows;
        await insert(client, given);
        const then = await dump(sql);
        const { before } = await run(folder);
        const [now, lines] = [await dump(sql), await linesIn(folder)];
        archived += lines.length;
        expect(now.cancelled_order).toEqual(then.cancelled_order);
        expectCancellations(then, now, lines, before);
        expectWebhooks(then, now, lines, before);

        const files = await filesIn(folder);
        const again = await run(folder);
        expect(again.archived.filter(({ due }) => due > 0)).toEqual([]);
        expect(await filesIn(folder)).toEqual(files);
        expect(await dump(sql)).toEqual(now);
      });
    }),
    { numRuns: 40 },
  );
  expect(archived).toBeGreaterThan(40);
});
