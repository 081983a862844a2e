import type { Finding } from "../cancellation/model/cancellation-ledger.js";
import type { CancellationReference } from "../cancellation/model/cancellation.js";
import { SETTLED_FROM, SETTLEMENTS } from "../cancellation/model/status.js";
import type { Database } from "./client.js";
import type { Encryptor } from "./encryptor.js";
import { confirmItems, PROOF, proofRow, type RecordDependencies } from "./record-transition.js";
import { type Columns, fromNow, rowsFrom, statement, toRows } from "./statement.js";

const NOTE: Columns = {
  ...PROOF,
  contradicts: "boolean",
  is_for_operator: "boolean",
  look_within_ms: "float8",
};

/** Only what has SUCCEEDED has a settlement. */
const SETTLEMENT_STEPS = SETTLEMENTS.flatMap((to) =>
  SETTLED_FROM[to].map((from) => `('${from}'::settlement, '${to}'::settlement)`),
).join(", ");

/**
 * One statement that commits what was learnt about a cancellation, and its event, whatever its state and whoever claimed it. No row when
 * its one answer is recorded already, or when the settlement that the finding states may not follow its own.
 */
const FINDING = statement(
  "finding",
  `/* cancellation: finding */
    WITH asked AS MATERIALIZED (
      SELECT *, statement_timestamp() AS now, ${fromNow("-sent_ms")} AS asked_to_send_at, ${fromNow("look_within_ms")} AS look_at
      FROM ${rowsFrom(":rows", NOTE)}
    ), noted AS (
      UPDATE cancellation SET
        settlement = coalesce(asked.settlement, cancellation.settlement),
        refunded_at = coalesce(asked.refunded_at, cancellation.refunded_at),
        safe_to_retry = safe_to_retry AND NOT contradicts,
        discrepancies = cancellation.discrepancies || asked.discrepancies,
        return_request_id = coalesce(cancellation.return_request_id, asked.return_request_id),
        ebp_request_id = coalesce(cancellation.ebp_request_id, asked.ebp_request_id),
        processed_count = coalesce(cancellation.processed_count, asked.processed_count),
        total_product_amount = coalesce(cancellation.total_product_amount, asked.total_product_amount),
        total_product_tax_amount = coalesce(cancellation.total_product_tax_amount, asked.total_product_tax_amount),
        total_delivery_amount = coalesce(cancellation.total_delivery_amount, asked.total_delivery_amount),
        total_delivery_tax_amount = coalesce(cancellation.total_delivery_tax_amount, asked.total_delivery_tax_amount),
        sent_at = coalesce(sent_at, asked_to_send_at),
        answered_at = CASE WHEN is_answer THEN now ELSE answered_at END,
        next_check_at = CASE
          WHEN next_check_at IS NULL OR (is_for_operator AND status = 'UNKNOWN') THEN NULL
          ELSE least(next_check_at, look_at)
        END,
        event_count = event_count + 1
      FROM asked
      WHERE store_id = :storeId AND cancellation.id = asked.id
        AND (NOT is_answer OR answered_at IS NULL)
        AND (asked.settlement IS NULL OR (cancellation.settlement, asked.settlement) IN (${SETTLEMENT_STEPS}))
      RETURNING store_id, cancellation.id, order_no, event_count, status
    ), confirmed AS (
      ${confirmItems("noted")}
    ), event AS (
      INSERT INTO cancellation_event (
        store_id, cancellation_id, number, at, from_status, to_status, source, actor, evidence, answer_sealed,
        answer_key_id
      )
      SELECT
        store_id, id, event_count, now, status, status, source, actor, evidence, answer_sealed,
        answer_key_id
      FROM noted JOIN asked USING (id)
    )
    SELECT order_no, event_count FROM noted`,
);

function findingRow(reference: CancellationReference, finding: Finding, encryptor: Encryptor): string {
  return JSON.stringify({
    contradicts: finding.contradicts,
    is_for_operator: finding.isForOperator ?? false,
    look_within_ms: finding.lookWithinMs,
    ...proofRow(reference, finding, encryptor),
  });
}

/** False when there was nothing to record it on. */
export async function recordFinding(
  { database, encryptor, announce }: RecordDependencies & { readonly database: Database },
  reference: CancellationReference,
  finding: Finding,
): Promise<boolean> {
  const { storeId, id } = reference;
  const rows = toRows([{ json: findingRow(reference, finding, encryptor) }]);
  const [row] = await database.rows<{ order_no: string; event_count: number }>(FINDING({ storeId, rows }));
  if (row === undefined) return false;
  announce({ storeId, id, orderNo: row.order_no, version: row.event_count });
  return true;
}
