import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { createEbp } from "./ebp.mjs";

const POOL_SIZE = 10;

const TABLES = `
  CREATE TABLE IF NOT EXISTS floor_order (
    store_id text, order_no text, cancelled_total numeric NOT NULL DEFAULT 0, PRIMARY KEY (store_id, order_no)
  );
  CREATE TABLE IF NOT EXISTS floor_cancel (
    id uuid PRIMARY KEY, store_id text NOT NULL, order_no text NOT NULL, idempotency_key text NOT NULL, status text NOT NULL,
    total numeric NOT NULL, reason text, note text, account bytea, return_request_id text, answer bytea,
    created_at timestamptz NOT NULL, resolved_at timestamptz, UNIQUE (store_id, idempotency_key)
  );
  CREATE INDEX IF NOT EXISTS floor_cancel_by_order ON floor_cancel (store_id, order_no);
  CREATE INDEX IF NOT EXISTS floor_cancel_by_time ON floor_cancel (store_id, created_at, id);
  CREATE TABLE IF NOT EXISTS floor_item (
    cancel_id uuid, seq int, type text, item_id text, quantity int, amount numeric, tax numeric, PRIMARY KEY (cancel_id, seq)
  );
  CREATE TABLE IF NOT EXISTS floor_event (
    cancel_id uuid, number int, at timestamptz NOT NULL, status text NOT NULL, evidence jsonb, PRIMARY KEY (cancel_id, number)
  )`;

const INTENT = `
  WITH the_order AS (
    INSERT INTO floor_order (store_id, order_no) VALUES ($2, $3)
    ON CONFLICT (store_id, order_no) DO UPDATE SET order_no = excluded.order_no
  ), cancel AS (
    INSERT INTO floor_cancel (id, store_id, order_no, idempotency_key, status, total, reason, note, account, created_at)
    VALUES ($1, $2, $3, $4, 'PENDING', $5, $6, $7, $8, now()) RETURNING id, created_at
  ), items AS (
    INSERT INTO floor_item SELECT id, seq, "itemType", "itemId", quantity, amount, "taxAmount"
    FROM cancel, json_to_recordset($9)
      AS item (seq int, "itemType" text, "itemId" text, quantity int, amount numeric, "taxAmount" numeric)
  ), event AS (
    INSERT INTO floor_event SELECT id, 1, created_at, 'PENDING' FROM cancel
  )
  SELECT created_at FROM cancel`;

const OUTCOME = `
  WITH the_order AS (
    UPDATE floor_order SET cancelled_total = cancelled_total + $4 WHERE store_id = $2 AND order_no = $3
  ), cancel AS (
    UPDATE floor_cancel SET status = 'SUCCEEDED', return_request_id = $5, answer = $6, resolved_at = now()
    WHERE id = $1 RETURNING id, resolved_at
  ), event AS (
    INSERT INTO floor_event SELECT id, 2, resolved_at, 'SUCCEEDED', $7 FROM cancel
  )
  SELECT resolved_at FROM cancel`;

export function createPool() {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE });
  pool.on("error", (error) => console.error(error));
  return pool;
}

/** What every cancel takes: a durable intent, one send, a durable outcome. Anything but a success stays PENDING. */
export async function createSteps() {
  const pool = createPool();
  await pool.query(TABLES);
  const ebp = createEbp(process.env.UPSTREAM_URL);

  async function cancel(input) {
    const id = uuidv7();
    const { rows: intents } = await pool.query({ name: "intent", text: INTENT, values: intent(id, input) });
    const answer = await ebp.cancel(input);
    const envelope = JSON.parse(answer);
    if (envelope.resultCode !== "0") throw new Error(`EBP has not cancelled it: ${envelope.resultCode}`);
    const values = outcome(id, input, answer, envelope);
    const { rows: outcomes } = await pool.query({ name: "outcome", text: OUTCOME, values });
    const { returnRequestId } = envelope.data;
    return { id, returnRequestId, createdAt: intents[0].created_at, resolvedAt: outcomes[0].resolved_at };
  }

  return { cancel, close: () => Promise.all([pool.end(), ebp.close()]) };
}

function intent(id, input) {
  const { storeId, orderNo, idempotencyKey, totalCancelAmount, items, refundAccount, reason, note } = input;
  const account = Buffer.from(JSON.stringify(refundAccount));
  return [
    id,
    storeId,
    orderNo,
    idempotencyKey,
    totalCancelAmount,
    reason,
    note,
    account,
    JSON.stringify(items),
  ];
}

function outcome(id, { storeId, orderNo, totalCancelAmount }, answer, envelope) {
  const { resultCode, requestId, timestamp, data } = envelope;
  const evidence = JSON.stringify({ resultCode, requestId, timestamp });
  return [id, storeId, orderNo, totalCancelAmount, data.returnRequestId, answer, evidence];
}
