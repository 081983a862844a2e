import { COMMON, RARE, STORES } from "./vocabulary.mjs";

const [KR, KR_2, US] = STORES.map(({ id }) => id);

/** A list of texts of which the first is twice as frequent as each other. */
const weighted = ([first, ...others]) => `ARRAY['${[first, first, ...others].join("', '")}']`;
const REASONS = weighted([
  COMMON.reason,
  "Wrong size",
  "Wrong colour",
  "Arrived late",
  "Damaged",
  "Ordered twice",
]);
const FAILURES = weighted([COMMON.failureCode, "EBP-C-0005", "EBP-C-0004", "EBP-A-0001", "EBP-C-0006"]);

/** From 0 to 1, the same for the same number and word on every machine; and one of some texts. */
const CHANCE = `
  CREATE FUNCTION pg_temp.chance(i bigint, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT (hashtextextended(what, i) & 2147483647)::float8 / 2147483648 $$;
  CREATE FUNCTION pg_temp.pick(choices text[], i bigint, what text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT choices[1 + floor(pg_temp.chance(i, what) * cardinality(choices))::int] $$`;

/** One row for each cancellation, oldest first. Every tenth order is cancelled three times, and an order in doubt has no other cancel. */
const CANCELS = `
  CREATE TEMP TABLE cancel AS
  WITH given AS (
    SELECT current_setting('bench.count')::int AS count, current_setting('bench.until')::timestamptz AS until
  ), created AS (
    SELECT i, count, until,
      (until - interval '365 days' * (1 - (i - 1 + pg_temp.chance(i, 'created')) / count))::timestamptz(3) AS created_at,
      i % greatest(1, count / 25) = 0 AND i / greatest(1, count / 25) <= 25 AS is_rare,
      CASE WHEN i % 10 IN (5, 6) THEN i - i % 10 + 4 ELSE i END AS order_i
    FROM given, generate_series(1, count) AS i
  ), stated AS (
    SELECT *,
      CASE
        WHEN is_rare THEN 'FAILED'
        WHEN pg_temp.chance(i, 'status') > 0.992 AND i % 10 NOT IN (4, 5, 6) THEN 'UNKNOWN'
        WHEN pg_temp.chance(i, 'status') BETWEEN 0.93 AND 0.99 THEN 'FAILED'
        ELSE 'SUCCEEDED'
      END::cancellation_status AS status,
      pg_temp.chance(i, 'resolver') AS resolver
    FROM created
  ), resolved AS (
    SELECT *,
      CASE
        WHEN status = 'UNKNOWN' THEN NULL
        WHEN is_rare OR resolver < 0.97 THEN 'RESPONSE'
        WHEN resolver > 0.995 THEN 'OPERATOR'
        WHEN resolver > 0.985 AND status = 'SUCCEEDED' THEN 'WEBHOOK'
        ELSE 'LOOKUP'
      END::resolved_by AS resolved_by,
      CASE
        WHEN pg_temp.chance(order_i, 'store') < 0.7 THEN '${KR}'
        WHEN pg_temp.chance(order_i, 'store') < 0.9 THEN '${KR_2}'
        ELSE '${US}'
      END AS store_id
    FROM stated
  ), timed AS (
    SELECT *,
      CASE WHEN resolved_by IS DISTINCT FROM 'RESPONSE' THEN least(created_at + interval '10 s', until) END AS in_doubt_since
    FROM resolved
  )
  SELECT i, until, created_at, is_rare, status, resolved_by, store_id, in_doubt_since,
    'ORD' || to_char(until - interval '365 days' * (1 - order_i::float8 / count), 'YYYYMMDD') || lpad(order_i::text, 7, '0') AS order_no,
    (lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(i % 4096), 3, '0')
      || '8' || substr(md5(i::text), 1, 15))::uuid AS id,
    CASE
      WHEN status = 'UNKNOWN' THEN NULL
      WHEN in_doubt_since IS NULL THEN least(created_at + interval '1 ms' * (50 + floor(750 * pg_temp.chance(i, 'took'))), until)
      ELSE least(in_doubt_since + interval '1 min' * 7200 ^ pg_temp.chance(i, 'took'), until)
    END::timestamptz(3) AS resolved_at,
    CASE
      WHEN status <> 'SUCCEEDED' THEN NULL
      WHEN resolved_by = 'WEBHOOK' OR pg_temp.chance(i, 'settlement') < 0.7 THEN 'REFUND_REQUESTED'
      WHEN pg_temp.chance(i, 'settlement') < 0.9 THEN 'AWAITED'
      ELSE 'VOIDED'
    END::settlement AS settlement,
    CASE
      WHEN is_rare THEN '${RARE.failureCode}'
      WHEN status = 'UNKNOWN' AND i % 3 = 0 THEN 'EBP-C-0012'
      WHEN status = 'FAILED' AND resolved_by = 'RESPONSE' AND i % 12 > 0 THEN pg_temp.pick(${FAILURES}, i, 'failure')
    END AS failure_code,
    CASE WHEN i <= count - count % 20 THEN ('{1,1,1,1,2,2,2,2,2,3,3,3,3,4,4,4,5,5,6,6}'::int[])[i % 20 + 1] ELSE 3 END AS lines
  FROM timed;
  ANALYZE cancel`;

/** A unit costs 30 000 won in the median, or 30 dollars, and a thousandth of them twenty times as much; the tax is a tenth. */
const ITEMS = `
  INSERT INTO cancellation_item (
    store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at,
    confirmed_quantity, confirmed_amount, confirmed_tax_amount
  )
  SELECT store_id, id, seq, type::item_type, item_id, quantity, amount, amount / 10, quantity * amount, created_at,
    quantity * confirmed, amount * confirmed, amount / 10 * confirmed
  FROM cancel
  CROSS JOIN LATERAL generate_series(1, lines) AS seq
  CROSS JOIN LATERAL (SELECT i * 10 + seq AS line) AS numbered
  CROSS JOIN LATERAL (
    SELECT
      CASE WHEN status = 'SUCCEEDED' THEN 1 END AS confirmed,
      CASE WHEN is_rare AND seq = 1 THEN '${RARE.itemId}'
        ELSE 'P' || lpad((1 + floor(3000 * pg_temp.chance(line, 'item') ^ 3))::text, 5, '0') END AS item_id,
      pg_temp.pick('{PHYSICAL,PHYSICAL,PHYSICAL,PHYSICAL,PHYSICAL,PHYSICAL,PHYSICAL,DIGITAL,DELIVERY,SERVICE}', line, 'type') AS often,
      CASE WHEN pg_temp.chance(line, 'quantity') < 0.85 THEN 1 ELSE 2 + floor(4 * pg_temp.chance(line, 'more'))::int END AS quantity,
      CASE WHEN store_id = '${US}' THEN 0.1 ELSE 100 END * greatest(1, round(exp(
        ln(300) + sqrt(-2 * ln(1 - pg_temp.chance(line, 'price'))) * cos(2 * pi() * pg_temp.chance(line, 'and price'))
      )))::numeric AS amount
  ) AS made
  CROSS JOIN LATERAL (SELECT CASE WHEN line % 33 = 0 THEN 'SUBSCRIPTION' ELSE often END AS type) AS typed`;

const TYPES = ["PHYSICAL", "DIGITAL", "SUBSCRIPTION", "DELIVERY", "SERVICE"];
const typeColumns = TYPES.flatMap((type) => [
  `${type.toLowerCase()}_amount`,
  `${type.toLowerCase()}_tax_amount`,
]).join(", ");
const typeSums = TYPES.flatMap((type) =>
  [
    ["line_total", "amount"],
    ["quantity * tax_amount", "tax_amount"],
  ].map(
    ([what, name]) => `sum(${what}) FILTER (WHERE item_type = '${type}') AS ${type.toLowerCase()}_${name}`,
  ),
).join(", ");

const CANCELLATIONS = `
  INSERT INTO cancellation (
    store_id, id, order_no, idempotency_key, fingerprint, status, safe_to_retry, settlement, resolved_by, currency_code, amount_basis,
    total_cancel_amount, total_tax_amount, bank_code, account_last_four, account_holder_masked, refund_account_sealed,
    refund_account_key_id, reason, note, requested_by, return_request_id, ebp_request_id, processed_count,
    total_product_amount, total_product_tax_amount, total_delivery_amount, total_delivery_tax_amount,
    failure_kind, failure_cause, failure_code, failure_message, discrepancies, created_at, sent_at, resolved_at, next_check_at, in_doubt_since,
    lookups, answered_at, event_count, ${typeColumns}
  )
  SELECT
    store_id, id, order_no, md5('key' || i), md5('one' || i) || md5('two' || i), status,
    coalesce(failure_kind IN ('NOT_SENT', 'NOT_CANCELLED'), false), settlement, resolved_by,
    CASE WHEN store_id = '${US}' THEN 'USD' ELSE 'KRW' END, 'unit',
    amount, tax, bank, last_four, holder, account, key_id,
    CASE WHEN is_rare THEN '${RARE.reason}' WHEN i % 20 = 0 THEN 'In their own words, case ' || i
      ELSE pg_temp.pick(${REASONS}, i, 'reason') END,
    CASE WHEN i % 10 = 0 THEN 'Asked for by telephone, ticket ' || i END,
    CASE WHEN is_rare THEN '${RARE.requestedBy}' WHEN i % 10 < 6 THEN '${COMMON.requestedBy}'
      ELSE 'agent-' || lpad((1 + floor(200 * pg_temp.chance(i, 'requester') ^ 2))::text, 3, '0') END,
    CASE WHEN succeeded THEN 'RETREQ' || lpad(i::text, 12, '0') END,
    CASE WHEN failure_kind <> 'NOT_SENT' AND (in_doubt_since IS NULL OR failure_code IS NOT NULL) OR succeeded AND in_doubt_since IS NULL
      THEN 'REQ' || md5('request' || i) END,
    CASE WHEN succeeded THEN lines END,
    CASE WHEN succeeded THEN amount - delivery END, CASE WHEN succeeded THEN tax - delivery_tax END,
    CASE WHEN succeeded THEN delivery END, CASE WHEN succeeded THEN delivery_tax END,
    failure_kind, failure_cause, failure_code, CASE WHEN failure_code IS NOT NULL THEN 'As measured.' END,
    CASE WHEN succeeded AND i % 400 = 0
      THEN jsonb_build_array(jsonb_build_object('field', 'processedCount', 'asked', lines::text, 'confirmed', (lines - 1)::text))
      ELSE '[]' END,
    created_at, CASE WHEN failure_kind IS DISTINCT FROM 'NOT_SENT' THEN created_at + interval '5 ms' END, resolved_at,
    CASE WHEN status = 'UNKNOWN' AND i % 4 > 0 THEN until + interval '1 day' END, in_doubt_since,
    CASE WHEN in_doubt_since IS NULL THEN 0 ELSE 2 END, coalesce(in_doubt_since, resolved_at),
    CASE WHEN in_doubt_since IS NOT NULL AND resolved_at IS NOT NULL OR settlement <> 'AWAITED' THEN 3 ELSE 2 END,
    ${typeColumns}
  FROM cancel
  JOIN (
    SELECT cancellation_id, sum(line_total) AS amount, sum(quantity * tax_amount) AS tax, ${typeSums},
      coalesce(sum(line_total) FILTER (WHERE item_type = 'DELIVERY'), 0) AS delivery,
      coalesce(sum(quantity * tax_amount) FILTER (WHERE item_type = 'DELIVERY'), 0) AS delivery_tax
    FROM cancellation_item GROUP BY cancellation_id
  ) AS total ON cancellation_id = id
  CROSS JOIN LATERAL (
    SELECT status = 'SUCCEEDED' AS succeeded,
      CASE
        WHEN status = 'UNKNOWN' THEN 'IN_DOUBT'
        WHEN status = 'FAILED' AND resolved_by <> 'RESPONSE' THEN 'NOT_CANCELLED'
        WHEN status = 'FAILED' AND failure_code IS NULL THEN 'NOT_SENT'
        WHEN status = 'FAILED' THEN 'REJECTED'
      END::failure_kind AS failure_kind
  ) AS failure
  CROSS JOIN LATERAL (
    SELECT CASE failure_kind
      WHEN 'IN_DOUBT' THEN CASE WHEN failure_code IS NULL THEN 'TIMED_OUT' ELSE 'ANSWER_PROVES_NOTHING' END
      WHEN 'NOT_CANCELLED' THEN CASE WHEN resolved_by = 'OPERATOR' THEN 'DISPROVEN_BY_OPERATOR' ELSE 'DISPROVEN_BY_EBP' END
      WHEN 'NOT_SENT' THEN 'NOT_CONNECTED'
      WHEN 'REJECTED' THEN 'REJECTED'
    END::failure_cause AS failure_cause
  ) AS cause
  LEFT JOIN LATERAL (
    SELECT '001' AS bank, lpad((i % 10000)::text, 4, '0') AS last_four, 'J** D**' AS holder,
      decode(md5('a' || i) || md5('b' || i) || md5('c' || i), 'hex') AS account, 'bench' AS key_id
  ) AS refund ON i % 10 < 3
  ORDER BY i`;

const EVENTS = `
  INSERT INTO cancellation_event (store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence)
  SELECT store_id, id, number, at, from_status, to_status::cancellation_status, source::event_source, actor,
    CASE WHEN number > 1 THEN jsonb_build_object('basis', 'As measured.', 'digest', md5(id::text) || md5(at::text)) ELSE '{}' END
  FROM cancellation
  CROSS JOIN LATERAL (
    SELECT 1, created_at, NULL::cancellation_status, 'PENDING', 'CALLER', requested_by
    UNION ALL
    SELECT 2, answered_at, 'PENDING', CASE WHEN in_doubt_since IS NULL THEN status::text ELSE 'UNKNOWN' END, 'RESPONSE', NULL
    UNION ALL
    SELECT 3, resolved_at, CASE WHEN in_doubt_since IS NULL THEN status ELSE 'UNKNOWN' END, status::text,
      CASE WHEN in_doubt_since IS NULL THEN 'WEBHOOK' ELSE resolved_by::text END, NULL
    WHERE event_count = 3
  ) AS event (number, at, from_status, to_status, source, actor)`;

const ORDERS = `
  INSERT INTO cancelled_order (store_id, order_no, cancelled_total)
  SELECT store_id, order_no, coalesce(sum(total_cancel_amount) FILTER (WHERE status = 'SUCCEEDED'), 0)
  FROM cancellation GROUP BY store_id, order_no`;

export const PREPARE = `${CHANCE}; ${CANCELS}`;

/** The statement that fills each table, in this order. */
export const FILL = {
  cancellation_item: ITEMS,
  cancellation: CANCELLATIONS,
  cancellation_event: EVENTS,
  cancelled_order: ORDERS,
};
