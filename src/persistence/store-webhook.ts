import { SIGNATURE_TOLERANCE_MS } from "../cancellation/model/timing.js";
import type { ReceivedWebhook } from "../cancellation/model/webhook-inbox.js";
import type { Encryptor } from "./encryptor.js";
import { standing } from "./record-intent.js";
import { type Query, type SqlValues, statement } from "./statement.js";

const COLUMNS = `digest, kind, event_type, event_time, store_ids, order_no, amount, currency_code, payment_status, result_code,
        is_of_success, body_sealed, body_key_id, cancellation_ids, received_at, next_match_at`;
const VALUES = `:digest, :kind::webhook_kind, :eventType, :eventTime::timestamptz, :storeIds::text[], :orderNo, :amount::numeric,
        :currencyCode, :paymentStatus, :resultCode, :isOfSuccess::boolean, :bodySealed::bytea, :bodyKeyId`;

export interface StoredRow {
  /** Of one that was stored just now; null otherwise. */
  readonly cancellation_ids: string[] | null;
  readonly received_at: Date | null;
  /** The same body is there already. */
  readonly known: boolean;
  /** Signed lately, by the database's clock, which all replicas share. */
  readonly fresh: boolean;
  /** The database has not gone back in time. */
  readonly stands: boolean;
}

/**
 * Stores a webhook, if it is of now, with the cancellations that are there when it comes in. So not in a database that has gone back in
 * time: it lacks some of them.
 */
export function createStoreStatement(cluster: string): (values: SqlValues) => Query {
  return statement(
    "store_webhook",
    `/* webhook: store */
    WITH signed AS (
      SELECT abs(extract(epoch FROM statement_timestamp()) - :signedAt::float8) <= ${SIGNATURE_TOLERANCE_MS / 1_000} AS fresh
    ), standing AS (
      ${standing(cluster)}
    ), stored AS (
      INSERT INTO webhook_event (${COLUMNS})
      SELECT ${VALUES},
        ARRAY(SELECT id FROM cancellation WHERE store_id = ANY (:storeIds::text[]) AND order_no = :orderNo),
        statement_timestamp(), statement_timestamp()
      FROM signed, standing WHERE fresh
      ON CONFLICT DO NOTHING
      RETURNING cancellation_ids, received_at
    )
    SELECT
      fresh, stored.cancellation_ids, stored.received_at, EXISTS (SELECT FROM standing) AS stands,
      EXISTS (SELECT FROM webhook_event WHERE digest = :digest) AS known
    FROM signed LEFT JOIN stored ON true`,
  );
}

/** Stores one again that the database has forgotten, as it came in. */
export const ENTER_WEBHOOK = statement(
  "enter_webhook",
  `/* webhook: enter again */
  INSERT INTO webhook_event (${COLUMNS})
  SELECT ${VALUES}, :cancellationIds::uuid[], :receivedAt::timestamptz, statement_timestamp()
  ON CONFLICT DO NOTHING
  RETURNING digest`,
);

export function webhookValues({ event, signedAt, body }: ReceivedWebhook, encryptor: Encryptor): SqlValues {
  const { keyId, bytes } = encryptor.encryptWebhook(body, event.digest);
  return {
    digest: event.digest,
    kind: event.kind,
    eventType: event.eventType,
    eventTime: event.eventTime?.toISOString() ?? null,
    storeIds: [...event.storeIds],
    orderNo: event.orderNo,
    amount: event.amount?.toFixed() ?? null,
    currencyCode: event.currencyCode,
    paymentStatus: event.paymentStatus,
    resultCode: event.resultCode,
    isOfSuccess: event.isOfSuccess,
    bodySealed: bytes,
    bodyKeyId: keyId,
    signedAt,
  };
}
