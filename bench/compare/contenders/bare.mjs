// The least that sends once per key and remembers it: one row of one table, inserted before the send and updated after it.
import { v7 as uuidv7 } from "uuid";
import { createEbp } from "./ebp.mjs";
import { createApp, serve } from "./serve.mjs";
import { createPool } from "./steps.mjs";

const INSERT =
  "INSERT INTO bare_cancel (id, store_id, idempotency_key, status, request) VALUES ($1, $2, $3, 'PENDING', $4)";
const UPDATE = "UPDATE bare_cancel SET status = 'SUCCEEDED', answer = $2 WHERE id = $1";

const pool = createPool();
const ebp = createEbp(process.env.UPSTREAM_URL);
const app = createApp();

await pool.query(`
  CREATE TABLE IF NOT EXISTS bare_cancel (
    id uuid PRIMARY KEY,
    store_id text NOT NULL,
    idempotency_key text NOT NULL,
    status text NOT NULL,
    request jsonb NOT NULL,
    answer jsonb,
    UNIQUE (store_id, idempotency_key)
  )`);

app.post("/cancel", async ({ body }) => {
  const id = uuidv7();
  const request = JSON.stringify(body);
  await pool.query({
    name: "insert",
    text: INSERT,
    values: [id, body.storeId, body.idempotencyKey, request],
  });
  const answer = (await ebp.cancel(body)).toString("utf8");
  const { resultCode, data } = JSON.parse(answer);
  if (resultCode !== "0") throw new Error(`EBP has not cancelled it: ${resultCode}`);
  await pool.query({ name: "update", text: UPDATE, values: [id, answer] });
  return { id, status: "SUCCEEDED", returnRequestId: data.returnRequestId };
});

await serve(app, () => Promise.all([pool.end(), ebp.close()]));
