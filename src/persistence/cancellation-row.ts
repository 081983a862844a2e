import {
  type CancelRequest,
  ITEM_TYPES,
  type ItemType,
  type RefundAccount,
  type RequestIdentity,
  lineTotal,
  statedTax,
  totalsByType,
} from "../cancellation/model/cancel-request.js";
import type { CancelIntent } from "../cancellation/model/cancellation-ledger.js";
import {
  type Cancellation,
  CANCELLATION_FIELDS,
  type CancellationEvent,
  type CancellationItem,
  type Discrepancy,
  type EventEvidence,
} from "../cancellation/model/cancellation.js";
import { Decimal } from "../cancellation/model/decimal.js";
import type { FailureDetail } from "../cancellation/model/outcome.js";
import { maskRefundAccount } from "../cancellation/request/field-rules.js";
import { type Encryptor, refundAccountOf } from "./encryptor.js";
import { Prisma } from "./generated/client.js";
import { type SqlValues, text } from "./statement.js";

// How a cancellation becomes rows, and rows a cancellation: a new column of it concerns this file alone.

type Row = Prisma.CancellationModel;

/** They tell whether a request is the same one again, or how the row came to be: pages of the history do without them. */
type IdentityColumn =
  "fingerprint" | "refundAccountSealed" | "refundAccountKeyId" | "isAccountKnown" | "reentered";
/** What its lines of one type add up to; null where it has none. Only sums over many cancellations read them. */
type TypeColumn = `${Lowercase<ItemType>}${"Amount" | "TaxAmount"}`;
const NOT_SHOWN: ReadonlySet<string> = new Set<IdentityColumn | TypeColumn>([
  ...(["fingerprint", "refundAccountSealed", "refundAccountKeyId", "isAccountKnown", "reentered"] as const),
  ...ITEM_TYPES.flatMap((type): TypeColumn[] => {
    const name = type.toLowerCase() as Lowercase<ItemType>;
    return [`${name}Amount`, `${name}TaxAmount`];
  }),
]);

export interface TypeColumns {
  readonly type: ItemType;
  readonly amount: string;
  readonly tax: string;
}

export const TYPE_COLUMNS: readonly TypeColumns[] = ITEM_TYPES.map((type) => {
  const name = type.toLowerCase();
  return { type, amount: `${name}_amount`, tax: `${name}_tax_amount` };
});
const TYPE_TOTALS = TYPE_COLUMNS.flatMap(({ amount, tax }) => [amount, tax]);

/** A number of the database, with all its digits: Prisma has an object for it, and pg its text. */
export type Exactly = string | { toFixed(): string };
type Readable<Value> = Value extends Prisma.Decimal ? Exactly : Value;

/** A cancellation as it is shown. */
export type CancellationRow = {
  readonly [Column in Exclude<keyof Row, IdentityColumn | TypeColumn>]: Readable<Row[Column]>;
};

/** A line as it is shown. */
export type ItemRow = {
  readonly [Column in keyof CancellationItem]: Readable<Prisma.CancellationItemModel[Column]>;
};

/** A step as it is shown. */
export type EventRow = Pick<
  Prisma.CancellationEventModel,
  "at" | "fromStatus" | "toStatus" | "source" | "actor" | "evidence"
>;

/** The column of a field: each has its name in snake case. */
function columnOf(field: string): string {
  return field.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}

/** The columns of a cancellation `c`, by the names that Prisma gives them. */
export const CANCELLATION_COLUMNS = Prisma.raw(
  Object.values(Prisma.CancellationScalarFieldEnum)
    .filter((name) => !NOT_SHOWN.has(name))
    .map((name) => `c.${columnOf(name)} AS "${name}"`)
    .join(", "),
);

/**
 * Whether a field of a request is stored as it is. If not, it is stored otherwise (the total as NUMERIC, the account encrypted, items in a
 * table of their own), or only compared. A field that is forgotten here does not compile.
 */
const STORED_AS_IT_IS: Readonly<Record<keyof CancelRequest, boolean>> = {
  storeId: true,
  orderNo: true,
  idempotencyKey: true,
  reason: true,
  note: true,
  totalCancelAmount: false,
  expectedCancelledTotal: false,
  items: false,
  refundAccount: false,
};
const STORED_FIELDS = (Object.keys(STORED_AS_IT_IS) as ("storeId" | "reason")[]).filter(
  (field) => STORED_AS_IT_IS[field],
);

/** What an intent says of its cancellation: the columns, and their values. Shared with what enters it again. */
export const REQUEST_COLUMNS = `${STORED_FIELDS.map(columnOf).join(", ")}, id, fingerprint, currency_code,
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

/** What is asked, the refund account encrypted. */
export function requestValues(intent: CancelIntent, encryptor: Encryptor): SqlValues {
  const { id, store, request } = intent;
  const { refundAccount } = request;
  const masked = refundAccount === null ? null : maskRefundAccount(refundAccount);
  const account =
    refundAccount === null
      ? null
      : encryptor.encrypt(JSON.stringify(refundAccount), refundAccountOf({ storeId: store.id, id }));
  return {
    ...Object.fromEntries(STORED_FIELDS.map((field) => [field, request[field]])),
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

/** Prisma's Decimal is another class, which rounds at 20 digits; its text is exact. */
export function exact(value: Exactly): Decimal {
  return new Decimal(typeof value === "string" ? value : value.toFixed());
}

/** Of a sum, which SQL has as NULL where there was nothing to add. */
export function exactOrZero(value: Exactly | null | undefined): Decimal {
  return value === null || value === undefined ? new Decimal(0) : exact(value);
}

function exactOrNull(value: Exactly | null): Decimal | null {
  return value === null ? null : exact(value);
}

const FIELDS = Object.keys(CANCELLATION_FIELDS) as (keyof Cancellation)[];

export function toCancellation(row: CancellationRow): Cancellation {
  const converted = {
    totalCancelAmount: exact(row.totalCancelAmount),
    totalTaxAmount: exact(row.totalTaxAmount),
    totalProductAmount: exactOrNull(row.totalProductAmount),
    totalProductTaxAmount: exactOrNull(row.totalProductTaxAmount),
    totalDeliveryAmount: exactOrNull(row.totalDeliveryAmount),
    totalDeliveryTaxAmount: exactOrNull(row.totalDeliveryTaxAmount),
    refundAccount: toAccount(row),
    requestId: row.ebpRequestId,
    failure: toFailure(row),
    // Written by recordTransition from these very types.
    discrepancies: row.discrepancies as unknown as Discrepancy[],
  };
  // A field that is neither converted nor a column does not compile.
  const asTheyAre: Omit<Cancellation, keyof typeof converted> = row;
  const all: Cancellation = { ...asTheyAre, ...converted };
  return Object.fromEntries(FIELDS.map((field) => [field, all[field]])) as unknown as Cancellation;
}

function toAccount(row: CancellationRow): Cancellation["refundAccount"] {
  if (row.accountLastFour === null) return null;
  return {
    bankCode: row.bankCode,
    accountNumberLast4: row.accountLastFour,
    accountHolderName: row.accountHolderMasked,
  };
}

function toFailure(row: CancellationRow): Cancellation["failure"] {
  if (row.failureMessage === null) return null;
  return {
    resultCode: row.failureCode,
    message: row.failureMessage,
    details: row.failureDetails as unknown as FailureDetail[],
  };
}

export function toIdentity(row: Row, encryptor: Encryptor): RequestIdentity {
  const { refundAccountSealed: bytes, refundAccountKeyId: keyId } = row;
  return {
    fingerprint: row.fingerprint,
    refundAccount:
      bytes === null || keyId === null
        ? null
        : (JSON.parse(
            encryptor.decrypt({ bytes, keyId }, refundAccountOf(row)).toString("utf8"),
          ) as RefundAccount),
    isAccountKnown: row.isAccountKnown,
  };
}

export function toItem(row: ItemRow): CancellationItem {
  return {
    seq: row.seq,
    itemType: row.itemType,
    itemId: row.itemId,
    quantity: row.quantity,
    amount: exact(row.amount),
    taxAmount: exactOrNull(row.taxAmount),
    lineTotal: exact(row.lineTotal),
    confirmedQuantity: row.confirmedQuantity,
    confirmedAmount: exactOrNull(row.confirmedAmount),
    confirmedTaxAmount: exactOrNull(row.confirmedTaxAmount),
  };
}

export function toEvent(row: EventRow): CancellationEvent {
  const evidence = row.evidence as Partial<EventEvidence>;
  return {
    at: row.at,
    from: row.fromStatus,
    to: row.toStatus,
    source: row.source,
    actor: row.actor,
    evidence: {
      basis: evidence.basis ?? null,
      httpStatus: evidence.httpStatus ?? null,
      resultCode: evidence.resultCode ?? null,
      requestId: evidence.requestId ?? null,
      timestamp: evidence.timestamp ?? null,
      digest: evidence.digest ?? null,
    },
  };
}
