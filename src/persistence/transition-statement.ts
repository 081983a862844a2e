import type { Transition } from "../cancellation/cancellation-ledger.js";
import type { Cancellation } from "../cancellation/cancellation.js";
import { LOOKUP_DELAYS_MS } from "../cancellation/timing.js";
import type { Sealer } from "./sealer.js";
import { confirmItems, fromNow, text } from "./sql-parts.js";
import { Prisma } from "./generated/client.js";
import type { Statement } from "./prepared-statements.js";

export interface TransitionRow {
  readonly sent_at: Date | null;
  readonly resolved_at: Date | null;
  readonly in_doubt_since: Date | null;
  readonly next_check_at: Date | null;
  readonly answered_at: Date | null;
  readonly fencing_token: number;
  readonly event_count: number;
}

/**
 * One statement that commits a step, its event and its effect on the order's total, or nothing when the cancellation is no
 * longer in the state the step starts from, somebody else has taken charge of it, or its one answer is recorded already.
 *
 * The order's row is locked before the cancellation's, as the intent statement does: taken the other way round, an intent
 * and an outcome of the same order could wait for each other.
 */
export function transitionStatement(before: Cancellation, step: Transition, sealer: Sealer): Statement {
  const { storeId, id } = before;
  const { confirmation, failure } = step;
  const { rawAnswer, ...evidence } = step.evidence;
  const answer = rawAnswer === null ? null : sealer.sealAnswer(rawAnswer, before);
  const isAnswer = step.source === "RESPONSE";
  const [firstLookupMs = null] = step.to === "UNKNOWN" ? LOOKUP_DELAYS_MS : [];
  const sql = Prisma.sql`
    /* cancellation: transition */
    WITH the_order AS (
      SELECT order_no FROM cancelled_order
      WHERE store_id = ${storeId} AND order_no = ${before.request.orderNo}
      FOR UPDATE
    ), moved AS (
      UPDATE cancellation SET
        status = ${step.to}::cancellation_status,
        safe_to_retry = ${step.safeToRetry},
        settlement = ${step.settlement}::settlement,
        resolved_by = ${step.resolvedBy}::resolved_by,
        return_request_id = ${confirmation?.returnRequestId ?? null},
        ebp_request_id = coalesce(${isAnswer ? step.evidence.requestId : null}, ebp_request_id),
        processed_count = ${confirmation?.processedCount ?? null}::integer,
        total_product_amount = ${text(confirmation?.totalProductAmount)}::numeric,
        total_product_tax_amount = ${text(confirmation?.totalProductTaxAmount)}::numeric,
        total_delivery_amount = ${text(confirmation?.totalDeliveryAmount)}::numeric,
        total_delivery_tax_amount = ${text(confirmation?.totalDeliveryTaxAmount)}::numeric,
        failure_kind = ${step.failureKind}::failure_kind,
        failure_code = ${failure?.resultCode ?? null},
        failure_message = ${failure?.message ?? null},
        failure_details = ${JSON.stringify(failure?.details ?? [])}::jsonb,
        discrepancies = ${JSON.stringify(step.discrepancies)}::jsonb,
        sent_at = coalesce(${fromNow(step.sentAgoMs === null ? null : -step.sentAgoMs)}, sent_at),
        -- Never before it was asked for, also where the clock was put back: histories rely on it.
        resolved_at = CASE WHEN ${step.resolvedBy !== null} THEN greatest(clock_timestamp(), created_at) END,
        in_doubt_since = CASE WHEN ${step.to === "UNKNOWN"} THEN clock_timestamp() ELSE in_doubt_since END,
        next_check_at = ${fromNow(firstLookupMs)},
        answered_at = CASE WHEN ${isAnswer} THEN clock_timestamp() ELSE answered_at END,
        event_count = event_count + 1
      FROM the_order
      WHERE store_id = ${storeId} AND id = ${id}::uuid AND status = ${before.status}::cancellation_status
        AND fencing_token = ${before.fencingToken} AND (${!isAnswer} OR answered_at IS NULL)
      RETURNING store_id, id, event_count, sent_at, resolved_at, in_doubt_since, next_check_at, answered_at, fencing_token
    ), totalled AS (
      UPDATE cancelled_order SET cancelled_total = cancelled_total + ${before.request.totalCancelAmount.toFixed()}::numeric
      FROM moved
      WHERE cancelled_order.store_id = ${storeId} AND cancelled_order.order_no = ${before.request.orderNo}
        AND ${step.to === "SUCCEEDED"}
    ), confirmed AS (
      ${confirmItems({ storeId, id }, confirmation, Prisma.sql`moved`)}
    ), event AS (
      INSERT INTO cancellation_event (
        store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, answer_sealed,
        answer_key_id
      )
      SELECT
        store_id, id, event_count, coalesce(resolved_at, in_doubt_since, clock_timestamp()),
        ${before.status}::cancellation_status, ${step.to}::cancellation_status,
        ${step.source}::event_source, ${step.actor}, ${JSON.stringify(evidence)}::jsonb,
        ${answer?.sealed ?? null}::bytea, ${answer?.keyId ?? null}
      FROM moved
    )
    SELECT sent_at, resolved_at, in_doubt_since, next_check_at, answered_at, fencing_token, event_count FROM moved`;
  return { name: "transition", sql };
}
