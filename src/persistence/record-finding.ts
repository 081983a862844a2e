import type { Finding } from "../cancellation/model/cancellation-ledger.js";
import type { CancellationReference } from "../cancellation/model/cancellation.js";
import type { Encryptor } from "./encryptor.js";
import { confirmedValues, confirmItems, type RecordDependencies } from "./record-transition.js";
import { type Query, fromNow, statement } from "./statement.js";

export interface FindingRow {
  readonly order_no: string;
  readonly event_count: number;
}

/**
 * One statement that commits what was learnt of a cancellation, and its event, whatever its state and whoever is in charge. One row
 * when it was; none when its one answer is recorded already, or when a settlement is told of one that awaits none.
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

export function findingStatement(
  reference: CancellationReference,
  finding: Finding,
  encryptor: Encryptor,
): Query {
  const { rawAnswer, ...evidence } = finding.evidence;
  const answer = rawAnswer === null ? null : encryptor.encryptAnswer(rawAnswer, reference);
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
    source: finding.source,
    actor: finding.actor,
    evidence: JSON.stringify(evidence),
    answerSealed: answer?.bytes ?? null,
    answerKeyId: answer?.keyId ?? null,
    // Last: what is added to a copy is copied again with each addition.
    ...confirmedValues(reference, finding.confirmation),
  });
}

/** False when there was nothing to record it on. */
export async function recordFinding(
  { database, encryptor, announce }: RecordDependencies,
  reference: CancellationReference,
  finding: Finding,
): Promise<boolean> {
  const [row] = await database.rows<FindingRow>(findingStatement(reference, finding, encryptor));
  if (row === undefined) return false;
  const { storeId, id } = reference;
  announce({ storeId, id, orderNo: row.order_no, version: row.event_count });
  return true;
}
