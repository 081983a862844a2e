import type { Finding } from "../cancellation/doubt/finding.js";
import type { CancellationReference } from "../cancellation/history/history.js";
import type { Sealer } from "./sealer.js";
import { confirmItems, fromNow, text } from "./sql-parts.js";
import { Prisma } from "./generated/client.js";
import type { Statement } from "./prepared-statements.js";

export interface FindingRow {
  readonly order_no: string;
  readonly event_count: number;
}

/**
 * One statement that commits what was learnt of a cancellation, and its event, whatever its state and whoever is in charge. One row
 * when it was; none when its one answer is recorded already, or when a settlement is told of one that awaits none.
 */
export function findingStatement(
  { storeId, id }: CancellationReference,
  finding: Finding,
  sealer: Sealer,
): Statement {
  const { source, actor, settlement, confirmation, discrepancies, sentAgoMs } = finding;
  const { rawAnswer, ...evidence } = finding.evidence;
  const answer = rawAnswer === null ? null : sealer.sealAnswer(rawAnswer, { storeId, id });
  const isAnswer = source === "RESPONSE";
  const sql = Prisma.sql`
    /* cancellation: finding */
    WITH noted AS (
      UPDATE cancellation SET
        settlement = coalesce(${settlement}::settlement, settlement),
        safe_to_retry = safe_to_retry AND ${!finding.contradicts},
        discrepancies = discrepancies || ${JSON.stringify(discrepancies)}::jsonb,
        return_request_id = coalesce(return_request_id, ${confirmation?.returnRequestId ?? null}),
        ebp_request_id = coalesce(ebp_request_id, ${isAnswer ? finding.evidence.requestId : null}),
        processed_count = coalesce(processed_count, ${confirmation?.processedCount ?? null}::integer),
        total_product_amount = coalesce(total_product_amount, ${text(confirmation?.totalProductAmount)}::numeric),
        total_product_tax_amount =
          coalesce(total_product_tax_amount, ${text(confirmation?.totalProductTaxAmount)}::numeric),
        total_delivery_amount = coalesce(total_delivery_amount, ${text(confirmation?.totalDeliveryAmount)}::numeric),
        total_delivery_tax_amount =
          coalesce(total_delivery_tax_amount, ${text(confirmation?.totalDeliveryTaxAmount)}::numeric),
        sent_at = coalesce(sent_at, ${fromNow(sentAgoMs === null ? null : -sentAgoMs)}),
        answered_at = CASE WHEN ${isAnswer} THEN clock_timestamp() ELSE answered_at END,
        event_count = event_count + 1
      WHERE store_id = ${storeId} AND id = ${id}::uuid
        AND (${!isAnswer} OR answered_at IS NULL)
        AND (${settlement === null} OR (status = 'SUCCEEDED' AND settlement = 'AWAITED'))
      RETURNING store_id, id, order_no, event_count, status
    ), confirmed AS (
      ${confirmItems({ storeId, id }, confirmation, Prisma.sql`noted`)}
    ), event AS (
      INSERT INTO cancellation_event (
        store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, answer_sealed,
        answer_key_id
      )
      SELECT
        store_id, id, event_count, clock_timestamp(), status, status,
        ${source}::event_source, ${actor}, ${JSON.stringify(evidence)}::jsonb,
        ${answer?.sealed ?? null}::bytea, ${answer?.keyId ?? null}
      FROM noted
    )
    SELECT order_no, event_count FROM noted`;
  return { name: "finding", sql };
}
