import type { CancelRequest } from "./cancel-request.js";
import type { Cancellation } from "./cancellation.js";
import type { Decimal } from "./decimal.js";
import type { Fault } from "./errors.js";
import type { FailureDetail } from "./outcome.js";
import type { CancellationStatus } from "./status.js";

/** What a caller can act on, as data. One kind per case, with what the caller needs for the next step. */
export type UserError =
  | InvalidInput
  | AmountMismatch
  | IdempotencyKeyReused
  | CancelInProgress
  | CancelledTotalChanged
  | RejectedByEbp
  | NotSent
  | NotCancelled
  | OutcomeUnknown
  | NotInDoubt
  | NotYetFailed;

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

export interface NotCancelled extends Base {
  readonly kind: "NotCancelled";
}

export interface OutcomeUnknown extends Base {
  readonly kind: "OutcomeUnknown";
  readonly cancellationId: string;
}

export interface NotInDoubt extends Base {
  readonly kind: "NotInDoubt";
  /** What it is instead. */
  readonly status: CancellationStatus;
}

export interface NotYetFailed extends Base {
  readonly kind: "NotYetFailed";
  /** What speaks against it, and was not named. */
  readonly obstacles: readonly ResolutionObstacle[];
  /** When EBP's settling time is over. */
  readonly settledAt: Date | null;
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
            "It may have been sent, and nothing proves yet whether money moved. It is not sent again; do not repeat it under another key. " +
            howItGoesOn(cancellation),
        },
      ];
    case "FAILED":
      return [failed(cancellation)];
  }
}

/** @param orderNo the order as the caller has written it. */
export function inProgress(blocking: Cancellation, orderNo = blocking.orderNo): CancelInProgress {
  const state =
    blocking.status === "UNKNOWN"
      ? "in doubt: money may have moved"
      : "in flight: its outcome is not known yet";
  const otherCase =
    orderNo === blocking.orderNo
      ? ""
      : " Your order number differs from the one of that cancel in case only, and EBP does not say whether case matters.";
  return {
    kind: "CancelInProgress",
    field: "input.orderNo",
    cancellationId: blocking.id,
    message: `A cancel of this order is ${state}.${otherCase} Nothing else is sent for this order until it is decided.`,
  };
}

export function invalid({ field, expected, found }: Fault): InvalidInput {
  return { kind: "InvalidInput", field, message: `${field}: expected ${expected}, found ${found}` };
}

/** What a caller may not see is answered exactly as what does not exist. */
export function notFound(field: string): InvalidInput {
  return invalid({ field, expected: "the id of a cancellation of your stores", found: "none with this id" });
}

export function notInDoubt({ status }: Cancellation): NotInDoubt {
  const why =
    status === "PENDING"
      ? "it is in flight: its outcome is still to come"
      : `it is ${status}, and what is proven is not decided by hand`;
  return {
    kind: "NotInDoubt",
    field: "input.id",
    status,
    message: `Only a cancellation in doubt can be resolved; ${why}. Nothing was changed.`,
  };
}

const OBSTACLES_IN_WORDS: Readonly<Record<ResolutionObstacle, string>> = {
  SETTLING: "EBP may still be carrying it out",
  CANCEL_SHOWN: "EBP's payment details show a cancel of this order",
  EVENT_OF_SUCCESS: "an event of EBP tells of a cancel that nothing here accounts for",
};

export function notYetFailed(
  { id }: Cancellation,
  obstacles: readonly ResolutionObstacle[],
  settledAt: Date | null,
): NotYetFailed {
  const why = obstacles.map((obstacle) => OBSTACLES_IN_WORDS[obstacle]).join("; ");
  const until =
    obstacles.includes("SETTLING") && settledAt !== null ? ` Wait until ${settledAt.toISOString()}.` : "";
  return {
    kind: "NotYetFailed",
    field: "input.evenThough",
    obstacles,
    settledAt,
    message: `Cancellation ${id} cannot be called FAILED yet: ${why}. Nothing was changed.${until} To decide all the same, name ${obstacles.join(", ")} in evenThough.`,
  };
}

function howItGoesOn({ nextCheckAt }: Cancellation): string {
  return nextCheckAt === null
    ? "Nothing that EBP is asked will decide it: an operator has to find out, and to resolve it."
    : "EBP is asked again by itself; read this cancellation again later.";
}

export function keyReused(first: Cancellation): IdempotencyKeyReused {
  return {
    kind: "IdempotencyKeyReused",
    field: "input.idempotencyKey",
    cancellationId: first.id,
    message:
      "This key has been used in this store for a different request. This call sent nothing; use a new key for a new request.",
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
      `${actual.toFixed()} is cancelled on this order, which is not what expectedCancelledTotal says. ` +
      "Somebody else has cancelled since; look at the order and decide again.",
  };
}

/** It was safe to retry until the proof came in. */
function contradicted({ id }: Cancellation): OutcomeUnknown {
  return {
    kind: "OutcomeUnknown",
    field: null,
    cancellationId: id,
    message:
      "It was found to have failed, but a proof that money moved has come in since: see its discrepancies. " +
      "Do not repeat it; somebody has to look.",
  };
}

function failed(cancellation: Cancellation): UserError {
  const { failure, failureKind, requestId, safeToRetry } = cancellation;
  if (!safeToRetry && failureKind !== "REJECTED") return contradicted(cancellation);
  if (failureKind === "NOT_SENT") {
    return {
      kind: "NotSent",
      field: null,
      message: `It never reached EBP, so nothing was cancelled: ${failure?.message ?? "no reason recorded"}. Try again with a new idempotency key.`,
    };
  }
  if (failureKind === "NOT_CANCELLED") {
    return {
      kind: "NotCancelled",
      field: null,
      message: `It was in doubt, and nothing was cancelled, as has been found out since. Try again with a new idempotency key. Found out: ${failure?.message ?? "no reason recorded"}`,
    };
  }
  return {
    kind: "RejectedByEbp",
    field: null,
    resultCode: failure?.resultCode ?? null,
    ebpMessage: failure?.message ?? null,
    requestId,
    details: failure?.details ?? [],
    message: `EBP rejected the cancel, so nothing was cancelled: ${failure?.message ?? "no reason given"}`,
  };
}

/**
 * What speaks against an operator's FAILED: a client that is told so may have the money moved by another cancel.
 * - SETTLING: EBP may still be carrying it out.
 * - CANCEL_SHOWN: EBP's payment details show a cancel of this order.
 * - EVENT_OF_SUCCESS: an event of EBP tells of a cancel that no cancellation here accounts for.
 */
export const RESOLUTION_OBSTACLES = ["SETTLING", "CANCEL_SHOWN", "EVENT_OF_SUCCESS"] as const;

export type ResolutionObstacle = (typeof RESOLUTION_OBSTACLES)[number];
