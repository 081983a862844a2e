// The two commits of a cancel, each one statement: the rows that the service writes, in its tables.

const TYPES = ["PHYSICAL", "DIGITAL", "SUBSCRIPTION", "DELIVERY", "SERVICE"];
const KEY_ID = "none";
/** As long as the service's digests. */
const DIGEST = "0".repeat(64);
/** As many bytes as a seal adds: a nonce and a tag. */
const SEAL = Buffer.alloc(28);
/** The service's, with its default time-out. */
const LEASE = "30 seconds";
/** Who asked, where the service it is compared with knows. */
const requestedBy = process.env.REQUESTED_BY ?? null;

const INTENT = `
  WITH the_order AS (
    INSERT INTO cancelled_order (store_id, order_no) VALUES ($1, $3)
    ON CONFLICT (store_id, order_no) DO UPDATE SET order_no = excluded.order_no
    RETURNING 1
  ), intent AS (
    INSERT INTO cancellation (
      store_id, id, order_no, idempotency_key, fingerprint, status, currency_code, amount_basis, total_cancel_amount, total_tax_amount,
      physical_amount, physical_tax_amount, digital_amount, digital_tax_amount, subscription_amount, subscription_tax_amount,
      delivery_amount, delivery_tax_amount, service_amount, service_tax_amount,
      bank_code, account_last_four, account_holder_masked, refund_account_sealed, refund_account_key_id, reason, note, requested_by,
      created_at, next_check_at
    )
    SELECT
      $1, $2, $3, $4, '${DIGEST}', 'PENDING', 'KRW', 'unit', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
      $17, $18, $19, $20, '${KEY_ID}', $21, $22, $23, statement_timestamp(), statement_timestamp() + interval '${LEASE}'
    FROM the_order
    RETURNING store_id, id, created_at
  ), items AS (
    INSERT INTO cancellation_item (
      store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at
    )
    SELECT store_id, id, seq, item_type, item_id, quantity, amount, tax_amount, quantity * amount, created_at
    FROM intent, json_to_recordset($24) AS item (
      seq integer, item_type item_type, item_id text, quantity integer, amount numeric, tax_amount numeric
    )
  ), event AS (
    INSERT INTO cancellation_event (store_id, cancellation_id, number, at, to_status, source, actor)
    SELECT store_id, id, 1, created_at, 'PENDING', 'CALLER', $23 FROM intent
  )
  SELECT created_at FROM intent`;

const OUTCOME = `
  WITH the_order AS (
    UPDATE cancelled_order SET cancelled_total = cancelled_total + $4 WHERE store_id = $1 AND order_no = $3
    RETURNING 1
  ), moved AS (
    UPDATE cancellation SET
      status = 'SUCCEEDED', settlement = 'AWAITED', resolved_by = 'RESPONSE', return_request_id = $5, ebp_request_id = $6,
      processed_count = $7, total_product_amount = $8, total_product_tax_amount = $9, total_delivery_amount = $10,
      total_delivery_tax_amount = $11, sent_at = statement_timestamp() - $12 * interval '1 millisecond',
      resolved_at = statement_timestamp(), next_check_at = NULL, answered_at = statement_timestamp(), event_count = 2
    FROM the_order
    WHERE store_id = $1 AND id = $2
    RETURNING store_id, id, resolved_at
  ), confirmed AS (
    UPDATE cancellation_item SET
      confirmed_quantity = line.quantity, confirmed_amount = line.amount, confirmed_tax_amount = line."taxAmount"
    FROM moved, json_to_recordset($13) AS line (seq integer, quantity integer, amount numeric, "taxAmount" numeric)
    WHERE cancellation_item.store_id = $1 AND cancellation_item.cancellation_id = $2 AND cancellation_item.seq = line.seq
  ), event AS (
    INSERT INTO cancellation_event (
      store_id, cancellation_id, number, at, from_status, to_status, source, evidence, answer_sealed, answer_key_id
    )
    SELECT store_id, id, 2, resolved_at, 'PENDING', 'SUCCEEDED', 'RESPONSE', $14, $15, '${KEY_ID}' FROM moved
  )
  SELECT resolved_at FROM moved`;

export function intentQuery(id, input) {
  const { storeId, orderNo, idempotencyKey, totalCancelAmount, items, refundAccount, reason, note } = input;
  const { accountNumber, bankCode, accountHolderName } = refundAccount;
  return {
    name: "intent",
    text: INTENT,
    values: [
      storeId,
      id,
      orderNo,
      idempotencyKey,
      totalCancelAmount,
      ...taxAndTotals(items),
      bankCode,
      accountNumber.slice(-4),
      masked(accountHolderName),
      sealed(JSON.stringify(refundAccount)),
      reason,
      note,
      requestedBy,
      itemsJson(items),
    ],
  };
}

export function outcomeQuery(id, input, { httpStatus, answer, envelope, sentAgoMs }) {
  const { storeId, orderNo, totalCancelAmount } = input;
  const { resultCode, requestId, timestamp, data } = envelope;
  const evidence = {
    basis: 'EBP accepted the cancel: result code "0".',
    httpStatus,
    resultCode,
    requestId,
    timestamp,
    digest: DIGEST,
  };
  return {
    name: "outcome",
    text: OUTCOME,
    values: [
      storeId,
      id,
      orderNo,
      totalCancelAmount,
      data.returnRequestId,
      requestId,
      data.processedCount,
      data.totalProductAmount,
      data.totalProductTaxAmount,
      data.totalDeliveryAmount,
      data.totalDeliveryTaxAmount,
      sentAgoMs,
      JSON.stringify(data.items),
      JSON.stringify(evidence),
      Buffer.concat([SEAL, answer]),
    ],
  };
}

/** The tax in all, then amount and tax of each kind. Numbers are exact enough for won, which have no decimals. */
function taxAndTotals(items) {
  let tax = 0;
  const totals = new Array(2 * TYPES.length).fill(null);
  for (const item of items) {
    const at = 2 * TYPES.indexOf(item.itemType);
    const lineTax = item.quantity * item.taxAmount;
    tax += lineTax;
    totals[at] += item.quantity * item.amount;
    totals[at + 1] += lineTax;
  }
  return [tax, ...totals];
}

function itemsJson(items) {
  return JSON.stringify(
    items.map(({ seq, itemType, itemId, quantity, amount, taxAmount }) => ({
      seq,
      item_type: itemType,
      item_id: itemId,
      quantity,
      amount,
      tax_amount: taxAmount,
    })),
  );
}

function masked(name) {
  return name
    .split(" ")
    .map((part) => `${part[0]}**`)
    .join(" ");
}

function sealed(text) {
  return Buffer.concat([SEAL, Buffer.from(text, "utf8")]);
}
