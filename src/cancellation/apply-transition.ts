import type { CancelIntent, Transition } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import type { Confirmation } from "./outcome.js";
import { maskRefundAccount } from "./refund-account.js";

/** The cancellation that an intent brings into being. */
export function pendingCancellation(intent: CancelIntent, createdAt: Date): Cancellation {
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
    request: {
      orderNo: request.orderNo,
      totalCancelAmount: request.totalCancelAmount,
      refundAccount: request.refundAccount === null ? null : maskRefundAccount(request.refundAccount),
      reason: request.reason,
      note: request.note,
    },
    requestedBy,
    confirmation: null,
    ebpRequestId: null,
    failureKind: null,
    failure: null,
    discrepancies: [],
    createdAt,
    sentAt: null,
    resolvedAt: null,
  };
}

/** The cancellation after a step; the times are the database's. */
export function applyTransition(
  before: Cancellation,
  step: Transition,
  times: Pick<Cancellation, "sentAt" | "resolvedAt">,
): Cancellation {
  return {
    ...before,
    ...times,
    status: step.to,
    safeToRetry: step.safeToRetry,
    settlement: step.settlement,
    resolvedBy: step.resolvedBy,
    confirmation: step.confirmation === null ? null : withoutItems(step.confirmation),
    ebpRequestId: step.evidence.requestId ?? before.ebpRequestId,
    failureKind: step.failureKind,
    failure: step.failure,
    discrepancies: step.discrepancies,
  };
}

/** What EBP confirmed of the items stands with the items. */
function withoutItems({ items: _, ...confirmation }: Confirmation): Cancellation["confirmation"] {
  return confirmation;
}
