import pg from "pg";

export const STORE_ID = "SIM-KR";
/** An order whose cancels have as many lines as a cancel may have. */
export const LARGEST_ORDER = "ORD-LARGEST";
export const COMMON_ITEM = "P-COMMON";

const CANCELLATIONS = 2_000;
const LINES = 10;
const EVENTS = 10;
const LARGEST_CANCELLATIONS = 100;
const LARGEST_LINES = 500;
/** Far more than any has by itself; each look that somebody asks for adds one. */
const LARGEST_EVENTS = 500;

/** A history as of years: what a page of it may have at most, and one order of a hundred cancels of 500 lines each. */
export async function seed(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("BEGIN");
    await insert(client, {
      kind: "ordinary",
      count: CANCELLATIONS,
      lines: LINES,
      events: EVENTS,
      orderNo: "'ORD-' || n % 500",
      before: 0,
    });
    await insert(client, {
      kind: "largest",
      count: LARGEST_CANCELLATIONS,
      lines: LARGEST_LINES,
      events: LARGEST_EVENTS,
      orderNo: `'${LARGEST_ORDER}'`,
      before: CANCELLATIONS,
    });
    await client.query("COMMIT");
    await client.query("ANALYZE");
  } finally {
    await client.end();
  }
  return `${CANCELLATIONS} cancellations of ${LINES} lines and ${EVENTS} events, and ${LARGEST_CANCELLATIONS} of ${LARGEST_LINES} lines and ${LARGEST_EVENTS} events`;
}

/** @param before how many others are newer, so that no page has both. */
async function insert(client, { kind, count, lines, events, orderNo, before }) {
  await client.query(
    `INSERT INTO cancellation (store_id, id, order_no, idempotency_key, fingerprint, status, settlement, resolved_by, currency_code,
       amount_basis, total_cancel_amount, bank_code, account_last_four, account_holder_masked, reason, note, requested_by,
       return_request_id, ebp_request_id, processed_count, total_product_amount, total_product_tax_amount, total_delivery_amount,
       total_delivery_tax_amount, failure_kind, failure_code, failure_message, failure_details, discrepancies, created_at, sent_at,
       resolved_at, event_count)
     SELECT $1, gen_random_uuid(), ${orderNo}, $2 || n, 'fingerprint', 'FAILED', NULL, 'RESPONSE', 'KRW', 'unit', 106000, '001', '7890',
       'J** D**', repeat('reason ', 70), repeat('note ', 400), 'user-1', NULL, 'REQ-' || n, 3, 100000, 5000, 6000, 0, 'REJECTED',
       'EBP-C-0010', 'The payment cannot be cancelled.', $3::jsonb, $4::jsonb, now() - (n + $7) * interval '1 minute',
       now() - (n + $7) * interval '1 minute', now() - (n + $7) * interval '1 minute', $5
     FROM generate_series(1, $6) n`,
    [
      STORE_ID,
      kind,
      JSON.stringify(
        Array.from({ length: 10 }, (_, i) => ({
          field: `items[${i}]`,
          message: "is not as it was captured",
        })),
      ),
      JSON.stringify(
        Array.from({ length: 10 }, (_, i) => ({
          field: `items.seq ${i}.amount`,
          asked: "1000",
          confirmed: "900",
        })),
      ),
      events,
      count,
      before,
    ],
  );
  await client.query(
    `INSERT INTO cancellation_item (store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total,
       confirmed_quantity, confirmed_amount, confirmed_tax_amount, created_at)
     SELECT store_id, id, seq, 'PHYSICAL', CASE seq WHEN 1 THEN '${COMMON_ITEM}' ELSE 'P' || seq END, 2, 50000, 5000, 100000, 2, 50000, 5000, created_at
     FROM cancellation, generate_series(1, $2) seq WHERE starts_with(idempotency_key, $1)`,
    [kind, lines],
  );
  await client.query(
    `INSERT INTO cancellation_event (store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence)
     SELECT store_id, id, number, created_at, 'PENDING', 'FAILED', 'RESPONSE', 'user-1', $3::jsonb
     FROM cancellation, generate_series(1, $2) number WHERE starts_with(idempotency_key, $1)`,
    [
      kind,
      events,
      JSON.stringify({
        basis: "EBP says that nothing was cancelled, and its answer is signed",
        httpStatus: 500,
        resultCode: "EBP-C-0010",
        requestId: "REQ-1",
        timestamp: "2026-11-22T07:56:17.642Z",
        digest: "0".repeat(64),
      }),
    ],
  );
}
