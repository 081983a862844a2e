import { type CancelRequest, ITEM_TYPES, type ItemType } from "../cancellation/model/cancel-request.js";
import type { CancelIntent } from "../cancellation/model/cancellation-ledger.js";
import { lineTotal, statedTax, totalsByType } from "../cancellation/request/amount-rule.js";
import { maskRefundAccount } from "../cancellation/request/refund-account.js";
import type { Exactly } from "./cancellation-row.js";
import type { DatabaseWatch } from "./database-watch.js";
import type { Encryptor } from "./encryptor.js";
import { type Query, type SqlValues, statement, text } from "./statement.js";

/** Where a cancellation has what its lines of one kind add up to; null where it has no such line. */
export interface TypeColumns {
  readonly type: ItemType;
  readonly amount: string;
  readonly tax: string;
}

export const TYPE_COLUMNS: readonly TypeColumns[] = ITEM_TYPES.map((type) => {
  const name = type.toLowerCase();
  return { type, amount: `${name}_amount`, tax: `${name}_tax_amount` };
});

export interface IntentRow {
  /** Null when a unique index, or the expected total, refused the intent. */
  readonly created_at: Date | null;
  readonly next_check_at: Date | null;
  /** What was cancelled on the order when its row was locked. */
  readonly cancelled_total: Exactly;
  /** False: this is not the database, or not as far, as this replica knows it, or sending is held. */
  readonly may_send: boolean;
}

const TYPE_TOTALS = TYPE_COLUMNS.flatMap(({ amount, tax }) => [amount, tax]);

/**
 * The column of each field of a request that is stored as it is. Null: it is stored otherwise (the total as NUMERIC, the account encrypted,
 * items in a table of their own), or only compared. A field that is forgotten here does not compile.
 */
const FIELD_COLUMNS = {
  storeId: "store_id",
  orderNo: "order_no",
  idempotencyKey: "idempotency_key",
  reason: "reason",
  note: "note",
  totalCancelAmount: null,
  expectedCancelledTotal: null,
  items: null,
  refundAccount: null,
} as const satisfies Record<keyof CancelRequest, string | null>;

type StoredField = {
  [Field in keyof typeof FIELD_COLUMNS]: (typeof FIELD_COLUMNS)[Field] extends string ? Field : never;
}[keyof typeof FIELD_COLUMNS];
const STORED_FIELDS = (Object.keys(FIELD_COLUMNS) as (keyof CancelRequest)[]).filter(
  (field): field is StoredField => FIELD_COLUMNS[field] !== null,
);

/** What an intent says of its cancellation: the columns, and their values. Shared with what enters it again. */
export const REQUEST_COLUMNS = `${STORED_FIELDS.map((field) => FIELD_COLUMNS[field]).join(", ")}, id, fingerprint, currency_code,
        amount_basis, total_cancel_amount, total_tax_amount, ${TYPE_TOTALS.join(", ")}, bank_code, account_last_four,
        account_holder_masked, refund_account_sealed, refund_account_key_id, requested_by`;
export const REQUEST_VALUES = `${STORED_FIELDS.map((field) => `:${field}`).join(", ")}, :id::uuid, :fingerprint, :currencyCode,
        :amountBasis::amount_basis, :totalCancelAmount::numeric, :totalTaxAmount::numeric,
        ${TYPE_TOTALS.map((column) => `:${column}::numeric`).join(", ")}, :bankCode, :accountLastFour,
        :accountHolderMasked, :accountSealed::bytea, :accountKeyId, :requestedBy`;

/** Writes the items of the cancellation that the step named has written. */
export function insertItems(written: string): string {
  return `INSERT INTO cancellation_item (
        store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at
      )
      SELECT ${written}.store_id, ${written}.id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at
      FROM ${written}, jsonb_to_recordset(:items::jsonb) AS item (
        seq integer, item_type item_type, item_id text, quantity integer,
        amount numeric, tax_amount numeric, line_total numeric
      )`;
}

/**
 * One row when this is the database, and at least as far, as this replica knows it, and nothing holds sending: `:maySend`, `:historyId`
 * and `:historyBeat` say what the replica knows.
 */
export function standing(cluster: string): string {
  return `SELECT FROM database_history
      WHERE :maySend::boolean AND id = :historyId::uuid AND beat >= :historyBeat::bigint AND cluster = ${cluster}
        AND (held_until IS NULL OR held_until <= statement_timestamp())`;
}

/** What `standing` asks for. */
export function standingValues({
  heldForMs,
  position,
}: Pick<DatabaseWatch, "heldForMs" | "position">): SqlValues {
  return { maySend: heldForMs === 0, historyId: position?.id ?? null, historyBeat: position?.beat ?? null };
}

/**
 * One statement that commits the PENDING cancellation, its items and its first event, or nothing.
 *
 * The order's row is inserted or locked first: ON CONFLICT DO UPDATE waits for whoever holds it and returns its newest
 * committed version, whatever the statement's snapshot shows, so `expectedCancelledTotal` is compared with the truth.
 * A used key and an order that is still open are refused by the unique indexes, not by a read before.
 *
 * A database that has gone back in time takes no intent: it would not know the keys that it has forgotten.
 * @param cluster SQL that names this database, as in `database-history.ts`.
 */
export function createIntentStatement(cluster: string): (values: SqlValues) => Query {
  return statement(
    "intent",
    `/* cancellation: intent */
    WITH standing AS (
      ${standing(cluster)}
    ), the_order AS (
      INSERT INTO cancelled_order (store_id, order_no)
      VALUES (:storeId, :orderNo)
      ON CONFLICT (store_id, order_no) DO UPDATE SET order_no = excluded.order_no
      RETURNING cancelled_total, reentered_open
    ), intent AS (
      INSERT INTO cancellation (${REQUEST_COLUMNS}, status, created_at, next_check_at)
      SELECT ${REQUEST_VALUES},
        'PENDING', clock_timestamp(), clock_timestamp() + :leaseMs::float8 * interval '1 millisecond'
      FROM the_order, standing
      WHERE reentered_open = 0
        AND (:expectedCancelledTotal::numeric IS NULL OR cancelled_total = :expectedCancelledTotal::numeric)
      ON CONFLICT DO NOTHING
      RETURNING store_id, id, created_at, next_check_at
    ), items AS (
      ${insertItems("intent")}
    ), event AS (
      INSERT INTO cancellation_event (store_id, cancellation_id, number, at, to_status, source, actor)
      SELECT store_id, id, 1, created_at, 'PENDING', 'CALLER', :requestedBy FROM intent
    )
    SELECT intent.created_at, intent.next_check_at, the_order.cancelled_total, EXISTS (SELECT FROM standing) AS may_send
    FROM the_order LEFT JOIN intent ON true`,
  );
}

/** What is asked, the refund account encrypted. */
export function requestValues(intent: CancelIntent, encryptor: Encryptor): SqlValues {
  const { id, store, request } = intent;
  const { refundAccount } = request;
  const masked = refundAccount === null ? null : maskRefundAccount(refundAccount);
  const account =
    refundAccount === null ? null : encryptor.encryptAccount(refundAccount, { storeId: store.id, id });
  const stored = Object.fromEntries(STORED_FIELDS.map((field) => [field, request[field]]));
  return {
    ...stored,
    id,
    fingerprint: intent.fingerprint,
    currencyCode: store.currencyCode,
    amountBasis: store.amountBasis,
    totalCancelAmount: text(request.totalCancelAmount),
    totalTaxAmount: text(statedTax(request.items, store.amountBasis)),
    bankCode: masked?.bankCode ?? null,
    accountLastFour: masked?.accountNumberLast4 ?? null,
    accountHolderMasked: masked?.accountHolderName ?? null,
    accountSealed: account?.bytes ?? null,
    accountKeyId: account?.keyId ?? null,
    requestedBy: intent.requestedBy,
    items: itemsJson(intent),
    // Last: what is added to a copy is copied again with each addition.
    ...typeTotals(intent),
  };
}

/** By the names of their columns. */
function typeTotals({ request, store }: CancelIntent): Record<string, string | null> {
  const totals = totalsByType(request.items, store.amountBasis);
  const found: Record<string, string | null> = {};
  for (const { type, amount, tax } of TYPE_COLUMNS) {
    const ofType = totals.get(type);
    found[amount] = text(ofType?.amount);
    found[tax] = text(ofType?.tax);
  }
  return found;
}

/** Amounts as JSON strings: jsonb_to_recordset reads them into NUMERIC as text, exactly. */
function itemsJson({ request, store }: CancelIntent): string {
  return JSON.stringify(
    request.items.map((item) => ({
      seq: item.seq,
      item_type: item.itemType,
      item_id: item.itemId,
      quantity: item.quantity,
      amount: text(item.amount),
      tax_amount: text(item.taxAmount),
      line_total: text(lineTotal(item, store.amountBasis)),
    })),
  );
}
