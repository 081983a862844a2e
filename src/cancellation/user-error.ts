import type { CancelRequest } from "./cancel-request.js";
import type { Cancellation } from "./cancellation.js";
import type { Decimal } from "./decimal.js";
import type { FailureDetail } from "./outcome.js";

/** What a caller can act on, as data. One kind per case, with what the caller needs for the next step. */
export type UserError =
  | InvalidInput
  | AmountMismatch
  | IdempotencyKeyReused
  | CancelInProgress
  | CancelledTotalChanged
  | RejectedByEbp
  | NotSent
  | OutcomeUnknown;

interface Base {
  readonly message: string;
  /** Path of the input field to look at, such as `input.items.2.amount`; null when it is not about one field. */
  readonly field: string | null;
}

export interface InvalidInput extends Base {
  readonly kind: "InvalidInput";
}

export interface AmountMismatch extends Base {
  readonly kind: "AmountMismatch";
  /** The total that the items add up to. */
  readonly expected: Decimal;
  /** The total that the request states. */
  readonly actual: Decimal;
}

export interface IdempotencyKeyReused extends Base {
  readonly kind: "IdempotencyKeyReused";
  readonly cancellationId: string;
}

export interface CancelInProgress extends Base {
  readonly kind: "CancelInProgress";
  /** The cancellation that is in flight or in doubt. */
  readonly cancellationId: string;
}

export interface CancelledTotalChanged extends Base {
  readonly kind: "CancelledTotalChanged";
  /** What the caller believed to be cancelled on the order. */
  readonly expected: Decimal;
  /** What is. */
  readonly actual: Decimal;
}

export interface RejectedByEbp extends Base {
  readonly kind: "RejectedByEbp";
  readonly resultCode: string | null;
  readonly ebpMessage: string | null;
  readonly requestId: string | null;
  readonly details: readonly FailureDetail[];
}

export interface NotSent extends Base {
  readonly kind: "NotSent";
}

export interface OutcomeUnknown extends Base {
  readonly kind: "OutcomeUnknown";
  readonly cancellationId: string;
}

/** The errors that a cancellation's state brings: none for SUCCEEDED, one for every other, so that no other reads as success. */
export function errorsOf(cancellation: Cancellation): UserError[] {
  switch (cancellation.status) {
    case "SUCCEEDED":
      return [];
    case "PENDING":
      return [{ ...inProgress(cancellation), field: null }];
    case "UNKNOWN":
      return [
        {
          kind: "OutcomeUnknown",
          field: null,
          cancellationId: cancellation.id,
          message:
            "It was sent, and nothing proves yet whether money moved. It is not sent again; do not repeat it under another key. " +
            "Read this cancellation again later.",
        },
      ];
    case "FAILED":
      return [failed(cancellation)];
  }
}

export function inProgress(blocking: Cancellation): CancelInProgress {
  const state =
    blocking.status === "UNKNOWN"
      ? "in doubt: money may have moved"
      : "in flight: its outcome is not known yet";
  return {
    kind: "CancelInProgress",
    field: "input.orderNo",
    cancellationId: blocking.id,
    message: `A cancel of order ${blocking.request.orderNo} is ${state}. Nothing else is sent for this order until it is decided.`,
  };
}

export function keyReused(first: Cancellation): IdempotencyKeyReused {
  return {
    kind: "IdempotencyKeyReused",
    field: "input.idempotencyKey",
    cancellationId: first.id,
    message:
      "This key has been used in this store for a different request. Nothing was sent; use a new key for a new request.",
  };
}

export function totalChanged(request: CancelRequest, actual: Decimal): CancelledTotalChanged {
  const expected = request.expectedCancelledTotal ?? actual;
  return {
    kind: "CancelledTotalChanged",
    field: "input.expectedCancelledTotal",
    expected,
    actual,
    message:
      `${actual.toFixed()} is cancelled on order ${request.orderNo}, not ${expected.toFixed()} as expected. ` +
      "Somebody else has cancelled since; look at the order and decide again.",
  };
}

function failed(cancellation: Cancellation): UserError {
  const { failure, failureKind, ebpRequestId } = cancellation;
  if (failureKind === "NOT_SENT") {
    return {
      kind: "NotSent",
      field: null,
      message: `It never reached EBP, so nothing was cancelled: ${failure?.message ?? "no reason recorded"}. Try again with a new idempotency key.`,
    };
  }
  return {
    kind: "RejectedByEbp",
    field: null,
    resultCode: failure?.resultCode ?? null,
    ebpMessage: failure?.message ?? null,
    requestId: ebpRequestId,
    details: failure?.details ?? [],
    message: `EBP rejected the cancel, so nothing was cancelled: ${failure?.message ?? "no reason given"}`,
  };
}
