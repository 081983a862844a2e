import type { CancelItem, CancelRequest, MaskedRefundAccount, RequestIdentity } from "./cancel-request.js";
import type { Decimal } from "./decimal.js";
import type { Confirmation, Evidence, Failure, FailureKind } from "./outcome.js";
import type { CancellationStatus, EventSource, ResolvedBy, Settlement } from "./status.js";
import type { AmountBasis } from "./store.js";

/** What stays of a request with its cancellation, as it was asked. A new field of a request is one of a cancellation too. */
type RecordedRequest = Omit<CancelRequest, "items" | "refundAccount" | "expectedCancelledTotal">;

/** One request to cancel and everything known about it. What EBP confirmed is null unless the cancel has succeeded. */
export interface Cancellation extends RecordedRequest, Omit<Confirmation, "items"> {
  /** UUIDv7. */
  readonly id: string;
  readonly refundAccount: MaskedRefundAccount | null;
  readonly status: CancellationStatus;
  /** Nothing was cancelled, and the same request may succeed under a new key: it never reached EBP, or was not carried out. */
  readonly safeToRetry: boolean;
  /** Null until the cancel has succeeded. */
  readonly settlement: Settlement | null;
  /** When EBP carried out the refund; null unless its settlement is REFUNDED. */
  readonly refundedAt: Date | null;
  readonly resolvedBy: ResolvedBy | null;
  readonly currencyCode: string;
  readonly amountBasis: AmountBasis;
  /** The tax in the total, as far as the items state it. */
  readonly totalTaxAmount: Decimal;
  /** The subject of the caller's token; null when authentication was off. */
  readonly requestedBy: string | null;
  /** EBP's tracking id of its answer to the cancel. */
  readonly requestId: string | null;
  readonly failureKind: FailureKind | null;
  readonly failure: Failure | null;
  readonly discrepancies: readonly Discrepancy[];
  /** When it became UNKNOWN; stays when it is resolved. Null when it never was. */
  readonly inDoubtSince: Date | null;
  /** Scheduled lookups of the payment so far. */
  readonly lookups: number;
  /** When the next lookup is due, or the present lease expires; null once decided, or when only an operator can decide it. */
  readonly nextCheckAt: Date | null;
  /** Grows each time somebody claims it. A step under an older token is late. */
  readonly fencingToken: number;
  /** When the result of the one send was recorded; null when it was not. */
  readonly answeredAt: Date | null;
  readonly createdAt: Date;
  /** When the first byte went out; null when none did, or when that is not known. */
  readonly sentAt: Date | null;
  readonly resolvedAt: Date | null;
  /** When its note, its refund account and EBP's answers were erased; null when they were not. */
  readonly erasedAt: Date | null;
}

/**
 * Where each field of a cancellation is shown: in the API, in exports, in both (`everywhere`), or nowhere (`internal`). The GraphQL type
 * and the formats of the export derive from this list. Its order is that of an export's columns.
 */
export const CANCELLATION_FIELDS = {
  id: "everywhere",
  storeId: "everywhere",
  orderNo: "everywhere",
  idempotencyKey: "everywhere",
  status: "everywhere",
  settlement: "everywhere",
  resolvedBy: "everywhere",
  safeToRetry: "everywhere",
  totalCancelAmount: "everywhere",
  totalTaxAmount: "export",
  currencyCode: "everywhere",
  amountBasis: "everywhere",
  returnRequestId: "everywhere",
  requestId: "everywhere",
  processedCount: "everywhere",
  totalProductAmount: "everywhere",
  totalProductTaxAmount: "everywhere",
  totalDeliveryAmount: "everywhere",
  totalDeliveryTaxAmount: "everywhere",
  failure: "everywhere",
  discrepancies: "everywhere",
  reason: "everywhere",
  note: "everywhere",
  requestedBy: "everywhere",
  refundAccount: "everywhere",
  createdAt: "everywhere",
  sentAt: "everywhere",
  resolvedAt: "everywhere",
  refundedAt: "everywhere",
  inDoubtSince: "everywhere",
  erasedAt: "everywhere",
  lookups: "api",
  nextCheckAt: "api",
  answeredAt: "internal",
  failureKind: "internal",
  fencingToken: "internal",
} as const satisfies Record<keyof Cancellation, "everywhere" | "api" | "export" | "internal">;

type FieldShown<In> = {
  [Field in keyof typeof CANCELLATION_FIELDS]: (typeof CANCELLATION_FIELDS)[Field] extends In ? Field : never;
}[keyof typeof CANCELLATION_FIELDS];
export type ApiField = FieldShown<"everywhere" | "api">;
export type ExportField = FieldShown<"everywhere" | "export">;

/** One line of a cancellation: what was asked, and what EBP confirmed. */
export interface CancellationItem extends CancelItem {
  /** What the line adds to the total under the store's amount basis. */
  readonly lineTotal: Decimal;
  readonly confirmedQuantity: number | null;
  readonly confirmedAmount: Decimal | null;
  readonly confirmedTaxAmount: Decimal | null;
}

/** One step in a cancellation's life. */
export interface CancellationEvent {
  readonly at: Date;
  readonly from: CancellationStatus | null;
  readonly to: CancellationStatus;
  readonly source: EventSource;
  /** The person or program behind the step, where one is known. */
  readonly actor: string | null;
  readonly evidence: EventEvidence;
}

/** What the step rests on, as it may be shown. */
export interface EventEvidence extends Omit<Evidence, "basis" | "rawAnswer"> {
  readonly basis: string | null;
}

export interface KnownCancellation {
  readonly cancellation: Cancellation;
  readonly identity: RequestIdentity;
}

export interface CancellationReference {
  readonly storeId: string;
  readonly id: string;
}

/** A difference between what was asked and what EBP confirmed. The cancel stands; a person should look. */
export interface Discrepancy {
  /** EBP's field, such as `totalProductAmount` or `items.seq 2.amount`. */
  readonly field: string;
  readonly asked: string;
  readonly confirmed: string;
}

/**
 * What happens next to an open cancellation.
 * - OUTCOME: its outcome is recorded, or its lease expires.
 * - LOOKUP: EBP's payment details are read at `nextCheckAt`.
 * - OPERATOR: no lookup can decide it; a person has to find out. A webhook may still decide it.
 */
export const NEXT_STEPS = ["OUTCOME", "LOOKUP", "OPERATOR"] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

/** Null for a decided cancellation. */
export function nextStepOf({ status, nextCheckAt }: Cancellation): NextStep | null {
  if (status === "PENDING") return "OUTCOME";
  if (status !== "UNKNOWN") return null;
  return nextCheckAt === null ? "OPERATOR" : "LOOKUP";
}

/** An order of one store. Nothing says that it exists. */
export interface OrderReference {
  readonly storeId: string;
  readonly orderNo: string;
}

/** What has been cancelled of one order. */
export interface OrderTotals {
  readonly cancelledTotal: Decimal;
  /** Asked for by PENDING and UNKNOWN cancels. */
  readonly inDoubtTotal: Decimal;
}

/** What is read before a cancel is sent. */
export interface CancellationReader {
  /** What a key stands for, with what tells whether a request is the same one again; null for an unused key. */
  findRequestByKey(storeId: string, idempotencyKey: string): Promise<KnownCancellation | null>;
  /** The cancellation that keeps an order closed: its money may still move. */
  findOpen(storeId: string, orderNo: string): Promise<Cancellation | null>;
  /** Both totals as of one moment. */
  orderTotals(storeId: string, orderNo: string): Promise<OrderTotals>;
}
