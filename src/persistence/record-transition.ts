import { applyTransition } from "../cancellation/cancel/transitions.js";
import type { AnnounceChange } from "../cancellation/live/change.js";
import type { Finding, Transition } from "../cancellation/model/cancellation-ledger.js";
import type { Cancellation, CancellationReference } from "../cancellation/model/cancellation.js";
import { StaleTransitionError } from "../cancellation/model/errors.js";
import { assertCanMove } from "../cancellation/model/status.js";
import { LOOKUP_DELAYS_MS } from "../cancellation/model/timing.js";
import type { BatchRow } from "./batches.js";
import type { Database } from "./client.js";
import { answerAbout, type Encryptor } from "./encryptor.js";
import { bytea, type Columns, fromNow, rowsFrom, statement, text, toRows } from "./statement.js";

export interface TransitionRow {
  readonly id: string;
  readonly sent_at: Date | null;
  readonly resolved_at: Date | null;
  readonly in_doubt_since: Date | null;
  readonly next_check_at: Date | null;
  readonly answered_at: Date | null;
  readonly fencing_token: number;
  readonly event_count: number;
}

/** What EBP confirmed, and where a step or a finding comes from: the same for both. */
export const PROOF: Columns = {
  id: "uuid",
  settlement: "settlement",
  refunded_at: "timestamptz",
  ebp_request_id: "text",
  return_request_id: "text",
  processed_count: "integer",
  total_product_amount: "numeric",
  total_product_tax_amount: "numeric",
  total_delivery_amount: "numeric",
  total_delivery_tax_amount: "numeric",
  discrepancies: "jsonb",
  sent_ms: "float8",
  is_answer: "boolean",
  confirmed_items: "jsonb",
  source: "event_source",
  actor: "text",
  evidence: "jsonb",
  answer_sealed: "bytea",
  answer_key_id: "text",
};

const STEP: Columns = {
  ...PROOF,
  order_no: "text",
  from_status: "cancellation_status",
  to_status: "cancellation_status",
  token: "integer",
  safe_to_retry: "boolean",
  resolved_by: "resolved_by",
  failure_kind: "failure_kind",
  failure_cause: "failure_cause",
  failure_code: "text",
  failure_message: "text",
  failure_details: "jsonb",
  first_lookup_ms: "float8",
};

/**
 * One statement that commits steps of one store, with their events and their effect on the totals of their orders. It leaves out a
 * cancellation that is no longer in the state its step starts from, that somebody else has claimed, or whose one answer is recorded.
 *
 * It locks the rows of the orders before those of the cancellations, in one order, as the intent statement does: otherwise an intent and
 * an outcome could deadlock.
 */
const TRANSITION = statement(
  "transition",
  `/* cancellation: transition */
    WITH asked AS MATERIALIZED (
      SELECT
        *, statement_timestamp() AS now, ${fromNow("-sent_ms")} AS asked_to_send_at, ${fromNow("first_lookup_ms")} AS first_lookup_at
      FROM ${rowsFrom(":rows", STEP)}
    ), the_order AS (
      SELECT order_no FROM cancelled_order
      WHERE store_id = :storeId AND order_no = ANY (ARRAY(SELECT order_no FROM asked))
      ORDER BY order_no
      FOR UPDATE
    ), moved AS (
      UPDATE cancellation SET
        status = to_status,
        safe_to_retry = asked.safe_to_retry,
        settlement = asked.settlement,
        refunded_at = asked.refunded_at,
        resolved_by = asked.resolved_by,
        return_request_id = asked.return_request_id,
        ebp_request_id = coalesce(asked.ebp_request_id, cancellation.ebp_request_id),
        processed_count = asked.processed_count,
        total_product_amount = asked.total_product_amount,
        total_product_tax_amount = asked.total_product_tax_amount,
        total_delivery_amount = asked.total_delivery_amount,
        total_delivery_tax_amount = asked.total_delivery_tax_amount,
        failure_kind = asked.failure_kind,
        failure_cause = asked.failure_cause,
        failure_code = asked.failure_code,
        failure_message = asked.failure_message,
        failure_details = asked.failure_details,
        discrepancies = asked.discrepancies,
        sent_at = coalesce(asked_to_send_at, sent_at),
        -- Never before it was asked for, also where the clock was put back: histories rely on it.
        resolved_at = CASE WHEN asked.resolved_by IS NOT NULL THEN greatest(now, created_at) END,
        in_doubt_since = CASE WHEN to_status = 'UNKNOWN' THEN now ELSE in_doubt_since END,
        next_check_at = first_lookup_at,
        answered_at = CASE WHEN is_answer THEN now ELSE answered_at END,
        event_count = event_count + 1
      FROM asked JOIN the_order USING (order_no)
      WHERE store_id = :storeId AND cancellation.id = asked.id AND status = from_status AND fencing_token = token
        AND (NOT is_answer OR answered_at IS NULL)
      RETURNING store_id, cancellation.id, event_count, sent_at, resolved_at, in_doubt_since, next_check_at, answered_at,
        fencing_token, reentered, total_cancel_amount
    ), totalled AS (
      UPDATE cancelled_order SET
        cancelled_total = cancelled_total + CASE WHEN to_status = 'SUCCEEDED' THEN trim_scale(total_cancel_amount) ELSE 0 END,
        reentered_open = reentered_open - CASE WHEN reentered THEN 1 ELSE 0 END
      FROM moved JOIN asked USING (id)
      WHERE cancelled_order.store_id = :storeId AND cancelled_order.order_no = asked.order_no
        AND (to_status = 'SUCCEEDED' OR reentered AND to_status = 'FAILED')
    ), confirmed AS (
      ${confirmItems("moved")}
    ), event AS (
      INSERT INTO cancellation_event (
        store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, answer_sealed,
        answer_key_id
      )
      SELECT
        store_id, id, event_count, coalesce(resolved_at, in_doubt_since, now), from_status, to_status,
        source, actor, evidence, answer_sealed, answer_key_id
      FROM moved JOIN asked USING (id)
    )
    SELECT id, sent_at, resolved_at, in_doubt_since, next_check_at, answered_at, fencing_token, event_count FROM moved`,
);

/** Commits steps of one store; no row for one that came too late. */
export function writeTransitions(
  database: Database,
  storeId: string,
  rows: readonly BatchRow[],
): Promise<TransitionRow[]> {
  return database.rows(TRANSITION({ storeId, rows: toRows(rows) }));
}

function stepRow(before: Cancellation, step: Transition, encryptor: Encryptor): BatchRow {
  const { failure } = step;
  const { id, orderNo } = before;
  const [firstLookupMs = null] = step.to === "UNKNOWN" ? LOOKUP_DELAYS_MS : [];
  const json = JSON.stringify({
    order_no: orderNo,
    from_status: before.status,
    to_status: step.to,
    token: before.fencingToken,
    safe_to_retry: step.safeToRetry,
    resolved_by: step.resolvedBy,
    failure_kind: step.failureKind,
    failure_cause: failure?.cause,
    failure_code: failure?.resultCode,
    failure_message: failure?.ebpMessage,
    failure_details: failure?.details ?? [],
    first_lookup_ms: firstLookupMs,
    ...proofRow(before, step, encryptor),
  });
  return { id, orderNo, json };
}

/** Undefined: nothing was written. */
export type WriteTransition = (storeId: string, row: BatchRow) => Promise<TransitionRow | undefined>;

export interface RecordDependencies {
  readonly encryptor: Encryptor;
  /** Within a transaction, called before the commit: whoever opened it passes the hint on afterwards. */
  readonly announce: AnnounceChange;
}

/** @throws StaleTransitionError as the ledger does. */
export async function recordTransition(
  { write, encryptor, announce }: RecordDependencies & { readonly write: WriteTransition },
  before: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  assertCanMove(before.status, step.to);
  const { storeId, id, orderNo } = before;
  const row = await write(storeId, stepRow(before, step, encryptor));
  if (row === undefined) throw new StaleTransitionError(id, before.status, step.to);
  announce({ storeId, id, orderNo, version: row.event_count });
  return applyTransition(before, step, {
    sentAt: row.sent_at,
    resolvedAt: row.resolved_at,
    inDoubtSince: row.in_doubt_since,
    nextCheckAt: row.next_check_at,
    answeredAt: row.answered_at,
    fencingToken: row.fencing_token,
  });
}

/** Writes what EBP confirmed of the items of the cancellations that the step named has written. */
export function confirmItems(written: string): string {
  return `UPDATE cancellation_item SET
        confirmed_quantity = line.quantity, confirmed_amount = line.amount, confirmed_tax_amount = line.tax_amount
      FROM ${written} JOIN asked USING (id), jsonb_to_recordset(asked.confirmed_items) AS line (
        seq integer, quantity integer, amount numeric, tax_amount numeric
      )
      WHERE cancellation_item.store_id = :storeId AND cancellation_item.cancellation_id = ${written}.id
        AND cancellation_item.seq = line.seq`;
}

/** Values of PROOF, EBP's answer encrypted. What is left out is NULL. */
export function proofRow(
  { storeId, id }: CancellationReference,
  step: Transition | Finding,
  encryptor: Encryptor,
): object {
  const { confirmation, source } = step;
  const { rawAnswer, ...evidence } = step.evidence;
  const isAnswer = source === "RESPONSE";
  const answer = rawAnswer === null ? null : encryptor.encrypt(rawAnswer, answerAbout({ storeId, id }));
  return {
    id,
    settlement: step.settlement,
    refunded_at: step.refundedAt,
    ebp_request_id: isAnswer ? evidence.requestId : null,
    return_request_id: confirmation?.returnRequestId,
    processed_count: confirmation?.processedCount,
    total_product_amount: text(confirmation?.totalProductAmount),
    total_product_tax_amount: text(confirmation?.totalProductTaxAmount),
    total_delivery_amount: text(confirmation?.totalDeliveryAmount),
    total_delivery_tax_amount: text(confirmation?.totalDeliveryTaxAmount),
    discrepancies: step.discrepancies,
    sent_ms: step.sentAgoMs,
    is_answer: isAnswer,
    confirmed_items: (confirmation?.items ?? []).map((item) => ({
      seq: item.seq,
      quantity: item.quantity,
      amount: text(item.amount),
      tax_amount: text(item.taxAmount),
    })),
    source,
    actor: step.actor,
    evidence,
    answer_sealed: bytea(answer?.bytes),
    answer_key_id: answer?.keyId,
  };
}
