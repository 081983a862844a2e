import { ITEM_TYPES, type ItemType, type RequestIdentity } from "../cancellation/model/cancel-request.js";
import type {
  Cancellation,
  CancellationEvent,
  CancellationItem,
  Discrepancy,
  EventEvidence,
} from "../cancellation/model/cancellation.js";
import { Decimal } from "../cancellation/model/decimal.js";
import type { FailureDetail } from "../cancellation/model/outcome.js";
import type { Encryptor } from "./encryptor.js";
import { Prisma } from "./generated/client.js";

type Row = Prisma.CancellationModel;

/** What only tells whether a request is the same one again, or how the row came to be: no page of the history has to carry it. */
type IdentityColumn =
  "fingerprint" | "refundAccountSealed" | "refundAccountKeyId" | "isAccountKnown" | "reentered";
const IDENTITY_COLUMNS: ReadonlySet<string> = new Set<IdentityColumn>([
  "fingerprint",
  "refundAccountSealed",
  "refundAccountKeyId",
  "isAccountKnown",
  "reentered",
]);

/** What its lines add up to, which only sums over many are made of. */
type TypeColumn = `${Lowercase<ItemType>}${"Amount" | "TaxAmount"}`;
const TYPE_COLUMNS: ReadonlySet<string> = new Set<TypeColumn>(
  ITEM_TYPES.flatMap((type): TypeColumn[] => {
    const name = type.toLowerCase() as Lowercase<ItemType>;
    return [`${name}Amount`, `${name}TaxAmount`];
  }),
);

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

/** The columns of a cancellation `c`, by the names that Prisma gives them: each stands in the schema as its column in camel case. */
export const CANCELLATION_COLUMNS = Prisma.raw(
  Object.values(Prisma.CancellationScalarFieldEnum)
    .filter((name) => !IDENTITY_COLUMNS.has(name) && !TYPE_COLUMNS.has(name))
    .map((name) => `c.${name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)} AS "${name}"`)
    .join(", "),
);

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

export function toCancellation(row: CancellationRow): Cancellation {
  return {
    id: row.id,
    storeId: row.storeId,
    idempotencyKey: row.idempotencyKey,
    status: row.status,
    safeToRetry: row.safeToRetry,
    settlement: row.settlement,
    resolvedBy: row.resolvedBy,
    currencyCode: row.currencyCode,
    amountBasis: row.amountBasis,
    orderNo: row.orderNo,
    totalCancelAmount: exact(row.totalCancelAmount),
    totalTaxAmount: exact(row.totalTaxAmount),
    refundAccount: toAccount(row),
    reason: row.reason,
    note: row.note,
    requestedBy: row.requestedBy,
    returnRequestId: row.returnRequestId,
    processedCount: row.processedCount,
    totalProductAmount: exactOrNull(row.totalProductAmount),
    totalProductTaxAmount: exactOrNull(row.totalProductTaxAmount),
    totalDeliveryAmount: exactOrNull(row.totalDeliveryAmount),
    totalDeliveryTaxAmount: exactOrNull(row.totalDeliveryTaxAmount),
    requestId: row.ebpRequestId,
    failureKind: row.failureKind,
    failure: toFailure(row),
    // Written by recordTransition from these very types.
    discrepancies: row.discrepancies as unknown as Discrepancy[],
    inDoubtSince: row.inDoubtSince,
    lookups: row.lookups,
    nextCheckAt: row.nextCheckAt,
    fencingToken: row.fencingToken,
    answeredAt: row.answeredAt,
    createdAt: row.createdAt,
    sentAt: row.sentAt,
    resolvedAt: row.resolvedAt,
    erasedAt: row.erasedAt,
  };
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
    refundAccount: bytes === null || keyId === null ? null : encryptor.decryptAccount({ bytes, keyId }, row),
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
