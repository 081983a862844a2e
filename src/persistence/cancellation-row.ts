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
import { bytea, type Columns, text } from "./statement.js";

// How a cancellation becomes rows, and rows a cancellation: a new column of it concerns this file alone.

type Stored = Prisma.CancellationModel;

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
  readonly [Column in Exclude<keyof Stored, IdentityColumn | TypeColumn>]: Readable<Stored[Column]>;
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
 * The type of the column of a field of a request that is stored as it is; null for one that is stored otherwise (the account encrypted,
 * items in a table of their own), or only compared. A field that is forgotten here does not compile.
 */
const STORED_AS_IT_IS: Readonly<Record<keyof CancelRequest, string | null>> = {
  storeId: null,
  orderNo: "text",
  idempotencyKey: "text",
  reason: "text",
  note: "text",
  totalCancelAmount: "numeric",
  expectedCancelledTotal: null,
  items: null,
  refundAccount: null,
};
type StoredField = "orderNo" | "idempotencyKey" | "reason" | "note" | "totalCancelAmount";
const STORED_FIELDS = (Object.keys(STORED_AS_IT_IS) as StoredField[]).filter(
  (field) => STORED_AS_IT_IS[field] !== null,
);

/** What an intent says of its cancellation, beside its store: the columns, and their types. Shared with what enters it again. */
const REQUEST: Columns = {
  ...Object.fromEntries(STORED_FIELDS.map((field) => [columnOf(field), STORED_AS_IT_IS[field] ?? ""])),
  id: "uuid",
  fingerprint: "text",
  currency_code: "text",
  amount_basis: "amount_basis",
  total_tax_amount: "numeric",
  ...Object.fromEntries(TYPE_TOTALS.map((column) => [column, "numeric"])),
  bank_code: "text",
  account_last_four: "text",
  account_holder_masked: "text",
  refund_account_sealed: "bytea",
  refund_account_key_id: "text",
  requested_by: "text",
};
export const REQUEST_COLUMNS = Object.keys(REQUEST).join(", ");
/** The same of rows `asked`. */
export const REQUEST_VALUES = Object.keys(REQUEST)
  .map((column) => `asked.${column}`)
  .join(", ");
/** With the items, which `insertItems` writes, and the total that the caller expects to be cancelled so far. Amounts are JSON strings. */
export const REQUEST_ROW: Columns = { ...REQUEST, expected: "numeric", items: "jsonb" };

/** Writes the items of the cancellations that the step named has written, of those that were asked for. */
export function insertItems(written: string): string {
  return `INSERT INTO cancellation_item (
        store_id, cancellation_id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at
      )
      SELECT ${written}.store_id, ${written}.id, seq, item_type, item_id, quantity, amount, tax_amount, line_total, created_at
      FROM ${written} JOIN asked USING (id), jsonb_to_recordset(asked.items) AS item (
        seq integer, item_type item_type, item_id text, quantity integer,
        amount numeric, tax_amount numeric, line_total numeric
      )`;
}

/** What is asked, the refund account encrypted: a REQUEST_ROW as JSON. */
export function requestRow(intent: CancelIntent, encryptor: Encryptor): string {
  const { id, store, request } = intent;
  const { refundAccount } = request;
  const masked = refundAccount === null ? null : maskRefundAccount(refundAccount);
  const account =
    refundAccount === null
      ? null
      : encryptor.encrypt(JSON.stringify(refundAccount), refundAccountOf({ storeId: store.id, id }));
  return JSON.stringify({
    ...Object.fromEntries(STORED_FIELDS.map((field) => [columnOf(field), request[field]])),
    id,
    fingerprint: intent.fingerprint,
    currency_code: store.currencyCode,
    amount_basis: store.amountBasis,
    total_tax_amount: text(statedTax(request.items, store.amountBasis)),
    bank_code: masked?.bankCode ?? null,
    account_last_four: masked?.accountNumberLast4 ?? null,
    account_holder_masked: masked?.accountHolderName ?? null,
    refund_account_sealed: bytea(account?.bytes),
    refund_account_key_id: account?.keyId ?? null,
    requested_by: intent.requestedBy,
    expected: text(request.expectedCancelledTotal),
    items: request.items.map((item) => ({
      seq: item.seq,
      item_type: item.itemType,
      item_id: item.itemId,
      quantity: item.quantity,
      amount: text(item.amount),
      tax_amount: text(item.taxAmount),
      line_total: text(lineTotal(item, store.amountBasis)),
    })),
    ...typeTotals(intent),
  });
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
  if (row.failureCause === null) return null;
  return {
    cause: row.failureCause,
    resultCode: row.failureCode,
    ebpMessage: row.failureMessage,
    details: row.failureDetails as unknown as FailureDetail[],
  };
}

export function toIdentity(row: Stored, encryptor: Encryptor): RequestIdentity {
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
