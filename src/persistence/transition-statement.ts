import type { Transition } from "../cancellation/cancellation-ledger.js";
import type { Cancellation } from "../cancellation/cancellation.js";
import type { Decimal } from "../cancellation/decimal.js";
import { Prisma } from "./generated/client.js";

export interface TransitionRow {
  readonly sent_at: Date | null;
  readonly resolved_at: Date | null;
}

/**
 * One statement that commits a step, its event and its effect on the order's total, or nothing when the cancellation is no
 * longer in the state the step starts from.
 *
 * The order's row is locked before the cancellation's, as the intent statement does: taken the other way round, an intent
 * and an outcome of the same order could wait for each other.
 */
export function transitionStatement(before: Cancellation, step: Transition): Prisma.Sql {
  const { storeId, id } = before;
  const { confirmation, failure } = step;
  const { rawAnswer, ...evidence } = step.evidence;
  return Prisma.sql`
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
        ebp_request_id = coalesce(${step.evidence.requestId}, ebp_request_id),
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
        sent_at = coalesce(clock_timestamp() - ${step.sentAgoMs}::float8 * interval '1 millisecond', sent_at),
        resolved_at = CASE WHEN ${step.resolvedBy !== null} THEN clock_timestamp() END
      FROM the_order
      WHERE store_id = ${storeId} AND id = ${id}::uuid AND status = ${before.status}::cancellation_status
      RETURNING store_id, id, sent_at, resolved_at
    ), totalled AS (
      UPDATE cancelled_order SET cancelled_total = cancelled_total + ${before.request.totalCancelAmount.toFixed()}::numeric
      FROM moved
      WHERE cancelled_order.store_id = ${storeId} AND cancelled_order.order_no = ${before.request.orderNo}
        AND ${step.to === "SUCCEEDED"}
    ), confirmed AS (
      UPDATE cancellation_item SET
        confirmed_quantity = line.quantity, confirmed_amount = line.amount, confirmed_tax_amount = line.tax_amount
      FROM moved, jsonb_to_recordset(${confirmedItemsJson(step)}::jsonb) AS line (
        seq integer, quantity integer, amount numeric, tax_amount numeric
      )
      WHERE cancellation_item.store_id = ${storeId} AND cancellation_item.cancellation_id = ${id}::uuid
        AND cancellation_item.seq = line.seq
    ), event AS (
      INSERT INTO cancellation_event (
        store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, raw_answer
      )
      SELECT
        store_id, id,
        (SELECT max(number) + 1 FROM cancellation_event WHERE store_id = ${storeId} AND cancellation_id = ${id}::uuid),
        coalesce(resolved_at, clock_timestamp()), ${before.status}::cancellation_status, ${step.to}::cancellation_status,
        ${step.source}::event_source, ${step.actor}, ${JSON.stringify(evidence)}::jsonb, ${rawAnswer}
      FROM moved
    )
    SELECT sent_at, resolved_at FROM moved`;
}

function text(amount: Decimal | null | undefined): string | null {
  return amount?.toFixed() ?? null;
}

function confirmedItemsJson({ confirmation }: Transition): string {
  return JSON.stringify(
    (confirmation?.items ?? []).map((item) => ({
      seq: item.seq,
      quantity: item.quantity,
      amount: text(item.amount),
      tax_amount: text(item.taxAmount),
    })),
  );
}
