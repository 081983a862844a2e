import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type pg from "pg";
import { seedHistory, type SeededHistory } from "../../bench/history/seed.mjs";
import type { Progress } from "../../src/commands/progress.js";
import { withConnection } from "../helpers/connection.js";
import { createTestDatabase, type TestDatabase } from "../helpers/database.js";

const CANCELLATIONS = 310;
const UNTIL = new Date("2027-03-01T09:00:00.000Z");
const TABLES = ["cancellation", "cancellation_event", "cancellation_item", "cancelled_order"];
const UNWATCHED: Progress = { show: () => undefined, end: () => undefined };

let database: TestDatabase;
let before: unknown;
let seeded: SeededHistory;

beforeAll(async () => {
  database = await createTestDatabase();
  before = await withConnection(database.url, readConstraintsAndIndexes);
  seeded = await seed(database);
});

afterAll(() => database.drop());

test("there are as many cancellations as asked for, and every constraint and index is there again, and holds", async () => {
  expect(seeded.rows).toMatchObject({ cancellation: CANCELLATIONS, cancellation_item: 3 * CANCELLATIONS });
  expect(await withConnection(database.url, readConstraintsAndIndexes)).toEqual(before);
});

test("each order's total is the sum of what has succeeded on it", async () => {
  const wrong = await rows(
    `SELECT store_id, order_no, cancelled_total, succeeded FROM cancelled_order FULL JOIN (
       SELECT store_id, order_no, coalesce(sum(total_cancel_amount) FILTER (WHERE status = 'SUCCEEDED'), 0) AS succeeded
       FROM cancellation GROUP BY store_id, order_no
     ) cancelled USING (store_id, order_no)
     WHERE cancelled_total IS DISTINCT FROM succeeded`,
  );
  expect(wrong).toEqual([]);
});

test("each total and its tax are the sums of the lines, under the store's amount basis", async () => {
  const wrong = await rows(
    `SELECT id FROM cancellation WHERE amount_basis <> 'unit' OR NOT EXISTS (
       SELECT FROM cancellation_item item WHERE item.store_id = cancellation.store_id AND cancellation_id = id
       HAVING sum(line_total) = total_cancel_amount AND sum(quantity * tax_amount) = total_tax_amount
         AND bool_and(line_total = quantity * amount) AND bool_and(item.created_at = cancellation.created_at)
     )`,
  );
  expect(wrong).toEqual([]);
});

test("each cancellation has the events that it counts, the first of its creation and the last of its state", async () => {
  const wrong = await rows(
    `SELECT id FROM cancellation WHERE NOT EXISTS (
       SELECT FROM cancellation_event event WHERE event.store_id = cancellation.store_id AND cancellation_id = id
       HAVING count(*) = event_count AND max(number) = event_count AND min(at) = created_at
         AND bool_or(number = event_count AND to_status = status)
     )`,
  );
  expect(wrong).toEqual([]);
});

test("the same arguments make the same history", async () => {
  const other = await createTestDatabase();
  try {
    await seed(other);
    const digests = TABLES.map(
      (table) => `(SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM ${table} t) AS ${table}`,
    );
    const read = (client: pg.Client): Promise<unknown[]> =>
      client.query(`SELECT ${digests.join(", ")}`).then((result) => result.rows);
    expect(await withConnection(other.url, read)).toEqual(await withConnection(database.url, read));
  } finally {
    await other.drop();
  }
});

test("a history that is there already is left alone", async () => {
  await expect(seed(database)).rejects.toThrow("there is one already");
  expect(await withConnection(database.url, readConstraintsAndIndexes)).toEqual(before);
});

function seed({ url }: TestDatabase): Promise<SeededHistory> {
  return seedHistory({ url, count: CANCELLATIONS, until: UNTIL, progress: UNWATCHED });
}

function rows(sql: string): Promise<any[]> {
  return withConnection(database.url, async (client) => (await client.query(sql)).rows);
}

async function readConstraintsAndIndexes(client: pg.Client): Promise<unknown> {
  const constraints = await client.query(
    `SELECT conrelid::regclass::text AS "table", conname, contype, convalidated, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid <> 0 AND connamespace = 'public'::regnamespace ORDER BY 1, 2`,
  );
  const indexes = await client.query(
    `SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2`,
  );
  const invalid = await client.query("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid");
  return { constraints: constraints.rows, indexes: indexes.rows, invalid: invalid.rows };
}
