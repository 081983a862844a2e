import { withConnection } from "./connection.mjs";

const SAMPLES = 200;

/** What the cases ask a history for that is not in every history: single cancellations and orders, always the same ones. */
export async function readFacts(url, until, interrupted) {
  return withConnection(url, async (client) => ({ until, ...(await readSamples(client)) }), interrupted);
}

async function readSamples(client) {
  // By something that has nothing to do with their order.
  const cancellations = await client.query(
    `SELECT id, store_id AS "storeId", order_no AS "orderNo", idempotency_key AS "idempotencyKey",
       return_request_id AS "returnRequestId", ebp_request_id AS "requestId"
     FROM cancellation WHERE return_request_id IS NOT NULL AND ebp_request_id IS NOT NULL
     ORDER BY fingerprint LIMIT $1`,
    [SAMPLES],
  );
  const orders = await client.query(
    `SELECT store_id AS "storeId", order_no AS "orderNo" FROM cancellation
     GROUP BY store_id, order_no HAVING count(*) > 1 ORDER BY min(fingerprint) LIMIT $1`,
    [SAMPLES],
  );
  return { cancellations: cancellations.rows, orders: orders.rows };
}
