import { money } from "./cancellations.mjs";
import { ITEM_TYPES } from "./vocabulary.mjs";

const when = (ms) => (ms === null ? null : new Date(ms).toISOString());

/** What each table's columns hold, of what a row is about. Columns left out have their default. */
const CANCELLATION = {
  store_id: ({ store }) => store.id,
  id: ({ id }) => id,
  order_no: ({ orderNo }) => orderNo,
  idempotency_key: ({ idempotencyKey }) => idempotencyKey,
  fingerprint: ({ fingerprint }) => fingerprint,
  status: ({ status }) => status,
  safe_to_retry: ({ safeToRetry }) => safeToRetry,
  settlement: ({ settlement }) => settlement,
  resolved_by: ({ resolvedBy }) => resolvedBy,
  currency_code: ({ store }) => store.currencyCode,
  amount_basis: () => "unit",
  total_cancel_amount: ({ total, store }) => money(total.amount, store),
  total_tax_amount: ({ total, store }) => money(total.tax, store),
  ...Object.fromEntries(
    ITEM_TYPES.flatMap(([type]) => [
      [`${type.toLowerCase()}_amount`, ofType(type, "amount")],
      [`${type.toLowerCase()}_tax_amount`, ofType(type, "tax")],
    ]),
  ),
  bank_code: ({ account }) => account && account.bankCode,
  account_last_four: ({ account }) => account && account.lastFour,
  account_holder_masked: ({ account }) => account && account.holder,
  // COPY reads a backslash as two.
  refund_account_sealed: ({ account }) => account && `\\\\x${account.sealed}`,
  refund_account_key_id: ({ account }) => account && "bench",
  reason: ({ reason }) => reason,
  note: ({ note }) => note,
  requested_by: ({ requestedBy }) => requestedBy,
  return_request_id: ({ returnRequestId }) => returnRequestId,
  ebp_request_id: ({ ebpRequestId }) => ebpRequestId,
  processed_count: ifConfirmed(({ lines }) => lines.length),
  total_product_amount: ifConfirmed(({ total, store }) => money(total.product, store)),
  total_product_tax_amount: ifConfirmed(({ total, store }) => money(total.productTax, store)),
  total_delivery_amount: ifConfirmed(({ total, store }) => money(total.delivery, store)),
  total_delivery_tax_amount: ifConfirmed(({ total, store }) => money(total.deliveryTax, store)),
  failure_kind: ({ failureKind }) => failureKind,
  failure_code: ({ failureCode }) => failureCode,
  failure_message: ({ failureMessage }) => failureMessage,
  discrepancies: ({ discrepancies }) => (discrepancies.length === 0 ? "[]" : JSON.stringify(discrepancies)),
  created_at: ({ createdAt }) => when(createdAt),
  sent_at: ({ sentAt }) => when(sentAt),
  resolved_at: ({ resolvedAt }) => when(resolvedAt),
  next_check_at: ({ nextCheckAt }) => when(nextCheckAt),
  in_doubt_since: ({ inDoubtSince }) => when(inDoubtSince),
  lookups: ({ lookups }) => lookups,
  answered_at: ({ answeredAt }) => when(answeredAt),
  event_count: ({ events }) => events.length,
};

const ITEM = {
  store_id: ({ of }) => of.store.id,
  cancellation_id: ({ of }) => of.id,
  seq: ({ line }) => line.seq,
  item_type: ({ line }) => line.itemType,
  item_id: ({ line }) => line.itemId,
  quantity: ({ line }) => line.quantity,
  amount: ({ of, line }) => money(line.amount, of.store),
  tax_amount: ({ of, line }) => money(line.taxAmount, of.store),
  line_total: ({ of, line }) => money(line.lineTotal, of.store),
  created_at: ({ of }) => when(of.createdAt),
  confirmed_quantity: ifConfirmed(({ line }) => line.quantity),
  confirmed_amount: ifConfirmed(({ of, line }) => money(line.amount, of.store)),
  confirmed_tax_amount: ifConfirmed(({ of, line }) => money(line.taxAmount, of.store)),
};

const EVENT = {
  store_id: ({ of }) => of.store.id,
  cancellation_id: ({ of }) => of.id,
  number: ({ number }) => number,
  at: ({ event }) => when(event.at),
  from_status: ({ event }) => event.from,
  to_status: ({ event }) => event.to,
  source: ({ event }) => event.source,
  actor: ({ event }) => event.actor,
  evidence: ({ event }) => event.evidence,
};

const ORDER = {
  store_id: ({ store }) => store.id,
  order_no: ({ orderNo }) => orderNo,
  cancelled_total: ({ cancelledTotal, store }) => money(cancelledTotal, store),
};

/** Each table of the history, and the rows that one cancellation has in it. */
export const TABLES = [
  { name: "cancellation", columns: CANCELLATION, rowsOf: (of) => [of] },
  { name: "cancellation_item", columns: ITEM, rowsOf: (of) => of.lines.map((line) => ({ of, line })) },
  {
    name: "cancellation_event",
    columns: EVENT,
    rowsOf: (of) => of.events.map((event, i) => ({ of, event, number: i + 1 })),
  },
];

/** Its rows are known once all cancellations are. */
export const ORDER_TABLE = { name: "cancelled_order", columns: ORDER };

/** Null where there is no such line. */
function ofType(type, what) {
  return ({ total, store }) => (total.byType[type] ? money(total.byType[type][what], store) : null);
}

function ifConfirmed(value) {
  return (row) => ((row.of ?? row).status === "SUCCEEDED" ? value(row) : null);
}
