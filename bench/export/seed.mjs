import pg from "pg";

const STORE_ID = "SIM-KR";
const ITEMS = 3;

/** A history as of years, one cancellation a minute, with three items each. A million of them take some two minutes. */
export async function seed(url, count) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // What is made up here fits together; to have it checked would take longer than to write it.
    await client.query("SET session_replication_role = replica");
    const indexes = await dropIndexes(client);
    await client.query(
      `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, settlement, resolved_by, currency_code,
         amount_basis, total_cancel_amount, total_tax_amount, bank_code, account_last_four, account_holder_masked, reason, note,
         requested_by, return_request_id, ebp_request_id, processed_count, total_product_amount, total_product_tax_amount,
         total_delivery_amount, total_delivery_tax_amount, failure_kind, failure_code, failure_message, created_at, sent_at, resolved_at)
       SELECT $1, uuidv7(at - now()), 'ORD-' || n, 'key-' || n, 'fingerprint',
         CASE WHEN failed THEN 'FAILED' ELSE 'SUCCEEDED' END::cancellation_status,
         CASE WHEN failed THEN NULL ELSE 'REFUND_REQUESTED' END::settlement, 'RESPONSE', 'KRW', 'unit', 106000, 10000,
         '001', '7890', 'J** D**', 'Customer changed their mind', CASE n % 5 WHEN 0 THEN 'Called twice, "very" annoyed; see ticket ' || n END,
         'front-end', CASE WHEN failed THEN NULL ELSE 'RETREQ' || n END, 'REQ-' || n, 3, 100000, 10000, 6000, 0,
         CASE WHEN failed THEN 'REJECTED' END::failure_kind, CASE WHEN failed THEN 'EBP-C-0010' END,
         CASE WHEN failed THEN 'The payment cannot be cancelled.' END, at, at + interval '20 milliseconds', at + interval '90 milliseconds'
       FROM generate_series(1, $2) n, LATERAL (SELECT n % 50 = 0 AS failed, now() - ($2 - n + 1) * interval '1 minute' AS at) AS row`,
      [STORE_ID, count],
    );
    await client.query(
      `INSERT INTO cancellation_item (store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total,
         confirmed_quantity, confirmed_amount, confirmed_tax_amount, created_at)
       SELECT store_id, id, seq, 'PHYSICAL', 'P00' || seq, 1, 35000, 3000, 35000, 1, 35000, 3000, created_at
       FROM cancellation, generate_series(1, ${ITEMS}) seq`,
    );
    for (const index of indexes) await client.query(index);
    await client.query("VACUUM ANALYZE");
  } finally {
    await client.end();
  }
}

/** Made anew when the rows are there, they take a fraction of the time. Returns how. */
async function dropIndexes(client) {
  const { rows } = await client.query(
    `SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename IN ('cancellation', 'cancellation_item') AND indexname NOT LIKE '%pkey'`,
  );
  for (const { indexname } of rows) await client.query(`DROP INDEX "${indexname}"`);
  return rows.map(({ indexdef }) => indexdef);
}
