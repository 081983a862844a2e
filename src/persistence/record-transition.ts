import { applyTransition } from "../cancellation/cancel/transitions.js";
import type { AnnounceChange } from "../cancellation/live/change.js";
import type { Finding, Transition } from "../cancellation/model/cancellation-ledger.js";
import type { Cancellation, CancellationReference } from "../cancellation/model/cancellation.js";
import { StaleTransitionError } from "../cancellation/model/errors.js";
import type { Confirmation } from "../cancellation/model/outcome.js";
import { assertCanMove } from "../cancellation/model/status.js";
import { LOOKUP_DELAYS_MS } from "../cancellation/model/timing.js";
import type { Database } from "./client.js";
import { answerAbout, type Encryptor } from "./encryptor.js";
import { type Query, fromNow, type SqlValues, statement, text } from "./statement.js";

interface TransitionRow {
  readonly sent_at: Date | null;
  readonly resolved_at: Date | null;
  readonly in_doubt_since: Date | null;
  readonly next_check_at: Date | null;
  readonly answered_at: Date | null;
  readonly fencing_token: number;
  readonly event_count: number;
}

/**
 * One statement that commits a step, its event and its effect on the order's total. It commits nothing when the cancellation is no
 * longer in the state the step starts from, somebody else has claimed it, or its one answer is recorded already.
 *
 * It locks the order's row before the cancellation's, as the intent statement does: otherwise an intent and an outcome of one order
 * could deadlock.
 */
const TRANSITION = statement(
  "transition",
  `/* cancellation: transition */
    WITH the_order AS (
      SELECT order_no FROM cancelled_order
      WHERE store_id = :storeId AND order_no = :orderNo
      FOR UPDATE
    ), moved AS (
      UPDATE cancellation SET
        status = :to::cancellation_status,
        safe_to_retry = :safeToRetry::boolean,
        settlement = :settlement::settlement,
        resolved_by = :resolvedBy::resolved_by,
        return_request_id = :returnRequestId,
        ebp_request_id = coalesce(:ebpRequestId, ebp_request_id),
        processed_count = :processedCount::integer,
        total_product_amount = :totalProductAmount::numeric,
        total_product_tax_amount = :totalProductTaxAmount::numeric,
        total_delivery_amount = :totalDeliveryAmount::numeric,
        total_delivery_tax_amount = :totalDeliveryTaxAmount::numeric,
        failure_kind = :failureKind::failure_kind,
        failure_code = :failureCode,
        failure_message = :failureMessage,
        failure_details = :failureDetails::jsonb,
        discrepancies = :discrepancies::jsonb,
        sent_at = coalesce(${fromNow(":sentMs")}, sent_at),
        -- Never before it was asked for, also where the clock was put back: histories rely on it.
        resolved_at = CASE WHEN :resolvedBy::resolved_by IS NOT NULL THEN greatest(clock_timestamp(), created_at) END,
        in_doubt_since =
          CASE WHEN :to::cancellation_status = 'UNKNOWN' THEN clock_timestamp() ELSE in_doubt_since END,
        next_check_at = ${fromNow(":firstLookupMs")},
        answered_at = CASE WHEN :isAnswer::boolean THEN clock_timestamp() ELSE answered_at END,
        event_count = event_count + 1
      FROM the_order
      WHERE store_id = :storeId AND id = :id::uuid AND status = :from::cancellation_status
        AND fencing_token = :fencingToken::integer AND (NOT :isAnswer::boolean OR answered_at IS NULL)
      RETURNING store_id, id, event_count, sent_at, resolved_at, in_doubt_since, next_check_at, answered_at, fencing_token, reentered
    ), totalled AS (
      UPDATE cancelled_order SET
        cancelled_total = cancelled_total + CASE WHEN :to = 'SUCCEEDED' THEN :totalCancelAmount::numeric ELSE 0 END,
        reentered_open = reentered_open - CASE WHEN reentered THEN 1 ELSE 0 END
      FROM moved
      WHERE cancelled_order.store_id = :storeId AND cancelled_order.order_no = :orderNo
        AND (:to = 'SUCCEEDED' OR reentered AND :to = 'FAILED')
    ), confirmed AS (
      ${confirmItems("moved")}
    ), event AS (
      INSERT INTO cancellation_event (
        store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, answer_sealed,
        answer_key_id
      )
      SELECT
        store_id, id, event_count, coalesce(resolved_at, in_doubt_since, clock_timestamp()),
        :from::cancellation_status, :to::cancellation_status, :source::event_source, :actor, :evidence::jsonb,
        :answerSealed::bytea, :answerKeyId
      FROM moved
    )
    SELECT sent_at, resolved_at, in_doubt_since, next_check_at, answered_at, fencing_token, event_count FROM moved`,
);

function transitionStatement(before: Cancellation, step: Transition, encryptor: Encryptor): Query {
  const { confirmation, failure } = step;
  const isAnswer = step.source === "RESPONSE";
  const [firstLookupMs = null] = step.to === "UNKNOWN" ? LOOKUP_DELAYS_MS : [];
  return TRANSITION({
    orderNo: before.orderNo,
    totalCancelAmount: text(before.totalCancelAmount),
    from: before.status,
    to: step.to,
    fencingToken: before.fencingToken,
    safeToRetry: step.safeToRetry,
    settlement: step.settlement,
    resolvedBy: step.resolvedBy,
    isAnswer,
    ebpRequestId: isAnswer ? step.evidence.requestId : null,
    failureKind: step.failureKind,
    failureCode: failure?.resultCode ?? null,
    failureMessage: failure?.message ?? null,
    failureDetails: JSON.stringify(failure?.details ?? []),
    discrepancies: JSON.stringify(step.discrepancies),
    sentMs: step.sentAgoMs === null ? null : -step.sentAgoMs,
    firstLookupMs,
    ...eventValues(before, step, encryptor),
    ...confirmedValues(before, confirmation),
  });
}

export interface RecordDependencies {
  readonly database: Database;
  readonly encryptor: Encryptor;
  /** Within a transaction, called before the commit: whoever opened it passes the hint on afterwards. */
  readonly announce: AnnounceChange;
}

/** @throws StaleTransitionError as the ledger does. */
export async function recordTransition(
  { database, encryptor, announce }: RecordDependencies,
  before: Cancellation,
  step: Transition,
): Promise<Cancellation> {
  assertCanMove(before.status, step.to);
  const [row] = await database.rows<TransitionRow>(transitionStatement(before, step, encryptor));
  if (row === undefined) throw new StaleTransitionError(before.id, before.status, step.to);
  const { storeId, id, orderNo } = before;
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

/**
 * One statement that commits what was learnt about a cancellation, and its event, whatever its state and whoever claimed it. No row when
 * its one answer is recorded already, or when it awaits no settlement and the finding states one.
 */
const FINDING = statement(
  "finding",
  `/* cancellation: finding */
    WITH noted AS (
      UPDATE cancellation SET
        settlement = coalesce(:settlement::settlement, settlement),
        safe_to_retry = safe_to_retry AND NOT :contradicts::boolean,
        discrepancies = discrepancies || :discrepancies::jsonb,
        return_request_id = coalesce(return_request_id, :returnRequestId),
        ebp_request_id = coalesce(ebp_request_id, :ebpRequestId),
        processed_count = coalesce(processed_count, :processedCount::integer),
        total_product_amount = coalesce(total_product_amount, :totalProductAmount::numeric),
        total_product_tax_amount = coalesce(total_product_tax_amount, :totalProductTaxAmount::numeric),
        total_delivery_amount = coalesce(total_delivery_amount, :totalDeliveryAmount::numeric),
        total_delivery_tax_amount = coalesce(total_delivery_tax_amount, :totalDeliveryTaxAmount::numeric),
        sent_at = coalesce(sent_at, ${fromNow(":sentMs")}),
        answered_at = CASE WHEN :isAnswer::boolean THEN clock_timestamp() ELSE answered_at END,
        next_check_at = CASE
          WHEN next_check_at IS NULL OR (:isForOperator::boolean AND status = 'UNKNOWN') THEN NULL
          ELSE least(next_check_at, ${fromNow(":lookWithinMs")})
        END,
        event_count = event_count + 1
      WHERE store_id = :storeId AND id = :id::uuid
        AND (NOT :isAnswer::boolean OR answered_at IS NULL)
        AND (:settlement::settlement IS NULL OR (status = 'SUCCEEDED' AND settlement = 'AWAITED'))
      RETURNING store_id, id, order_no, event_count, status
    ), confirmed AS (
      ${confirmItems("noted")}
    ), event AS (
      INSERT INTO cancellation_event (
        store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, answer_sealed,
        answer_key_id
      )
      SELECT
        store_id, id, event_count, clock_timestamp(), status, status,
        :source::event_source, :actor, :evidence::jsonb, :answerSealed::bytea, :answerKeyId
      FROM noted
    )
    SELECT order_no, event_count FROM noted`,
);

function findingStatement(reference: CancellationReference, finding: Finding, encryptor: Encryptor): Query {
  const isAnswer = finding.source === "RESPONSE";
  return FINDING({
    settlement: finding.settlement,
    contradicts: finding.contradicts,
    discrepancies: JSON.stringify(finding.discrepancies),
    isAnswer,
    isForOperator: finding.isForOperator ?? false,
    lookWithinMs: finding.lookWithinMs ?? null,
    ebpRequestId: isAnswer ? finding.evidence.requestId : null,
    sentMs: finding.sentAgoMs === null ? null : -finding.sentAgoMs,
    ...eventValues(reference, finding, encryptor),
    ...confirmedValues(reference, finding.confirmation),
  });
}

/** False when there was nothing to record it on. */
export async function recordFinding(
  { database, encryptor, announce }: RecordDependencies,
  reference: CancellationReference,
  finding: Finding,
): Promise<boolean> {
  const [row] = await database.rows<{ order_no: string; event_count: number }>(
    findingStatement(reference, finding, encryptor),
  );
  if (row === undefined) return false;
  const { storeId, id } = reference;
  announce({ storeId, id, orderNo: row.order_no, version: row.event_count });
  return true;
}

/** Writes what EBP confirmed of the items, if the step named has written the cancellation. Needs `confirmedValues`. */
function confirmItems(written: string): string {
  return `UPDATE cancellation_item SET
        confirmed_quantity = line.quantity, confirmed_amount = line.amount, confirmed_tax_amount = line.tax_amount
      FROM ${written}, jsonb_to_recordset(:confirmedLines::jsonb) AS line (
        seq integer, quantity integer, amount numeric, tax_amount numeric
      )
      WHERE cancellation_item.store_id = :storeId AND cancellation_item.cancellation_id = :id::uuid
        AND cancellation_item.seq = line.seq`;
}

/** Which cancellation it is, and what EBP confirmed of it. */
function confirmedValues(
  { storeId, id }: CancellationReference,
  confirmation: Confirmation | null,
): SqlValues {
  return {
    storeId,
    id,
    returnRequestId: confirmation?.returnRequestId ?? null,
    processedCount: confirmation?.processedCount ?? null,
    totalProductAmount: text(confirmation?.totalProductAmount),
    totalProductTaxAmount: text(confirmation?.totalProductTaxAmount),
    totalDeliveryAmount: text(confirmation?.totalDeliveryAmount),
    totalDeliveryTaxAmount: text(confirmation?.totalDeliveryTaxAmount),
    confirmedLines: JSON.stringify(
      (confirmation?.items ?? []).map((item) => ({
        seq: item.seq,
        quantity: item.quantity,
        amount: text(item.amount),
        tax_amount: text(item.taxAmount),
      })),
    ),
  };
}

/** What the event says of a step, EBP's answer encrypted. */
function eventValues(
  reference: CancellationReference,
  {
    source,
    actor,
    evidence: { rawAnswer, ...evidence },
  }: Pick<Transition | Finding, "source" | "actor" | "evidence">,
  encryptor: Encryptor,
): SqlValues {
  const answer = rawAnswer === null ? null : encryptor.encrypt(rawAnswer, answerAbout(reference));
  return {
    source,
    actor,
    evidence: JSON.stringify(evidence),
    answerSealed: answer?.bytes ?? null,
    answerKeyId: answer?.keyId ?? null,
  };
}
