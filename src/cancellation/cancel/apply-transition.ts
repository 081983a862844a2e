import type { CancelIntent, Transition } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import { NOTHING_CONFIRMED, type Confirmation } from "../model/outcome.js";
import { maskRefundAccount } from "../request/refund-account.js";

/** What the database gave when the intent was committed, by its own clock. */
type GivenLease = Pick<Cancellation, "createdAt" | "nextCheckAt" | "fencingToken">;

/** The cancellation that an intent brings into being. */
export function pendingCancellation(intent: CancelIntent, lease: GivenLease): Cancellation {
  const { id, store, request, requestedBy } = intent;
  return {
    id,
    storeId: store.id,
    idempotencyKey: request.idempotencyKey,
    status: "PENDING",
    safeToRetry: false,
    settlement: null,
    resolvedBy: null,
    currencyCode: store.currencyCode,
    amountBasis: store.amountBasis,
    orderNo: request.orderNo,
    totalCancelAmount: request.totalCancelAmount,
    refundAccount: request.refundAccount === null ? null : maskRefundAccount(request.refundAccount),
    reason: request.reason,
    note: request.note,
    requestedBy,
    requestId: null,
    ...withoutItems(NOTHING_CONFIRMED),
    failureKind: null,
    failure: null,
    discrepancies: [],
    inDoubtSince: null,
    lookups: 0,
    answeredAt: null,
    sentAt: null,
    resolvedAt: null,
    archivedAt: null,
    ...lease,
  };
}

/** The cancellation after a step; `written` is what the database made of it, by its own clock. */
export function applyTransition(
  before: Cancellation,
  step: Transition,
  written: Pick<
    Cancellation,
    "sentAt" | "resolvedAt" | "inDoubtSince" | "nextCheckAt" | "answeredAt" | "fencingToken"
  >,
): Cancellation {
  return {
    ...before,
    ...written,
    status: step.to,
    safeToRetry: step.safeToRetry,
    settlement: step.settlement,
    resolvedBy: step.resolvedBy,
    ...withoutItems(step.confirmation ?? NOTHING_CONFIRMED),
    // A lookup has a tracking id of its own: it stands with the event.
    requestId: (step.source === "RESPONSE" ? step.evidence.requestId : null) ?? before.requestId,
    failureKind: step.failureKind,
    failure: step.failure,
    discrepancies: step.discrepancies,
  };
}

/** What EBP confirmed of the items stands with the items. */
function withoutItems({ items: _, ...confirmation }: Confirmation): Omit<Confirmation, "items"> {
  return confirmation;
}
