import { lineTotal, statedTax, totalsByType } from "../cancellation/request/amount-rule.js";
import type { CancelIntent } from "../cancellation/cancellation-ledger.js";
import { maskRefundAccount } from "../cancellation/request/refund-account.js";
import type { Sealer } from "./sealer.js";
import type { Exactly } from "./cancellation-row.js";
import { Prisma } from "./generated/client.js";
import type { Statement } from "./prepared-statements.js";
import { TYPE_COLUMN_NAMES, TYPE_COLUMNS, type TypeColumns } from "./type-columns.js";

export interface IntentRow {
  /** Null when a unique index, or the expected total, refused the intent. */
  readonly created_at: Date | null;
  readonly next_check_at: Date | null;
  /** What was cancelled on the order when its row was locked. */
  readonly cancelled_total: Exactly;
}

/**
 * One statement that commits the PENDING cancellation, its items and its first event, or nothing.
 *
 * The order's row is inserted or locked first: ON CONFLICT DO UPDATE waits for whoever holds it and returns its newest
 * committed version, whatever the statement's snapshot shows, so `expectedCancelledTotal` is compared with the truth.
 * A used key and an order that is still open are refused by the unique indexes, not by a read before.
 */
export function intentStatement(intent: CancelIntent, sealer: Sealer, leaseMs: number): Statement {
  const { id, store, request } = intent;
  const { refundAccount } = request;
  const masked = refundAccount === null ? null : maskRefundAccount(refundAccount);
  const sealed = refundAccount === null ? null : sealer.sealAccount(refundAccount, { storeId: store.id, id });
  const sql = Prisma.sql`
    /* cancellation: intent */
    WITH the_order AS (
      INSERT INTO cancelled_order (store_id, order_no)
      VALUES (${store.id}, ${request.orderNo})
      ON CONFLICT (store_id, order_no) DO UPDATE SET order_no = excluded.order_no
      RETURNING cancelled_total
    ), intent AS (
      INSERT INTO cancellation (
        store_id, id, order_no, idempotency_key, fingerprint, status, currency_code, amount_basis,
        total_cancel_amount, total_tax_amount, ${TYPE_COLUMN_NAMES}, bank_code, account_last_four, account_holder_masked, refund_account_sealed,
        refund_account_key_id, reason, note, requested_by, created_at, next_check_at
      )
      SELECT
        ${store.id}, ${id}::uuid, ${request.orderNo}, ${request.idempotencyKey}, ${intent.fingerprint}, 'PENDING',
        ${store.currencyCode}, ${store.amountBasis}::amount_basis, ${request.totalCancelAmount.toFixed()}::numeric,
        ${statedTax(request.items, store.amountBasis).toFixed()}::numeric,
        ${typeTotals(intent)},
        ${masked?.bankCode ?? null}, ${masked?.accountNumberLast4 ?? null}, ${masked?.accountHolderName ?? null},
        ${sealed?.sealed ?? null}::bytea, ${sealed?.keyId ?? null}, ${request.reason}, ${request.note},
        ${intent.requestedBy}, clock_timestamp(), clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
      FROM the_order
      WHERE ${request.expectedCancelledTotal?.toFixed() ?? null}::numeric IS NULL
         OR cancelled_total = ${request.expectedCancelledTotal?.toFixed() ?? null}::numeric
      ON CONFLICT DO NOTHING
      RETURNING store_id, id, created_at, next_check_at
    ), items AS (
      INSERT INTO cancellation_item (
        store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at
      )
      SELECT intent.store_id, intent.id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at
      FROM intent, jsonb_to_recordset(${itemsJson(intent)}::jsonb) AS item (
        seq integer, item_type item_type, item_id text, quantity integer,
        amount numeric, tax_amount numeric, line_total numeric
      )
    ), event AS (
      INSERT INTO cancellation_event (store_id, cancellation_id, number, at, to_status, source, actor)
      SELECT store_id, id, 1, created_at, 'PENDING', 'CALLER', ${intent.requestedBy} FROM intent
    )
    SELECT intent.created_at, intent.next_check_at, the_order.cancelled_total FROM the_order LEFT JOIN intent ON true`;
  return { name: "intent", sql };
}

/** In the order of their columns. */
function typeTotals({ request, store }: CancelIntent): Prisma.Sql {
  const totals = totalsByType(request.items, store.amountBasis);
  const ofType = ({ type }: TypeColumns): Prisma.Sql[] =>
    [totals.get(type)?.amount, totals.get(type)?.tax].map(
      (total) => Prisma.sql`${total?.toFixed() ?? null}::numeric`,
    );
  return Prisma.join(TYPE_COLUMNS.flatMap(ofType));
}

/** Amounts as JSON strings: jsonb_to_recordset reads them into NUMERIC as text, exactly. */
function itemsJson({ request, store }: CancelIntent): string {
  return JSON.stringify(
    request.items.map((item) => ({
      seq: item.seq,
      item_type: item.itemType,
      item_id: item.itemId,
      quantity: item.quantity,
      amount: item.amount.toFixed(),
      tax_amount: item.taxAmount?.toFixed() ?? null,
      line_total: lineTotal(item, store.amountBasis).toFixed(),
    })),
  );
}
