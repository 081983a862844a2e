import type { Cancellation } from "./cancellation.js";
import type { Decimal } from "./decimal.js";
import type { Fault } from "./fault.js";
import type { FailureCause, FailureDetail } from "./outcome.js";
import type { CancellationStatus } from "./status.js";
import type { AmountBasis, Store } from "./store.js";

/**
 * What speaks against an operator's FAILED: a client that reads FAILED may cancel again.
 * - SETTLING: EBP may still be carrying it out.
 * - CANCEL_SHOWN: EBP's payment details show a cancel of this order.
 * - EVENT_OF_SUCCESS: EBP sent an event of a successful cancel that belongs to no cancellation here.
 */
export const RESOLUTION_OBSTACLES = ["SETTLING", "CANCEL_SHOWN", "EVENT_OF_SUCCESS"] as const;
export type ResolutionObstacle = (typeof RESOLUTION_OBSTACLES)[number];

/**
 * What a caller does next.
 * - CORRECT_INPUT: change the input, and send it again.
 * - RETRY_SAME_KEY: send the same request again, with the same key.
 * - RETRY_NEW_KEY: nothing was cancelled: send a new request, with a new key.
 * - WAIT: look at the cancellation again later.
 * - RELOAD_ORDER: read the order again, and decide anew.
 * - NONE: there is nothing to do.
 */
export const NEXT_ACTIONS = [
  "CORRECT_INPUT",
  "RETRY_SAME_KEY",
  "RETRY_NEW_KEY",
  "WAIT",
  "RELOAD_ORDER",
  "NONE",
] as const;
export type NextAction = (typeof NEXT_ACTIONS)[number];

/** What each kind of error brings besides its field and what to do next. */
interface Data {
  INVALID_INPUT: { readonly fault: Fault };
  /** The total that the request states, and the total that the items add up to. */
  AMOUNT_MISMATCH: {
    readonly statedTotal: Decimal;
    readonly computedTotal: Decimal;
    readonly basis: AmountBasis;
  };
  /** The cancellation that the key stands for. */
  IDEMPOTENCY_KEY_REUSED: { readonly cancellation: Cancellation };
  /** The cancellation that keeps the order closed. */
  CANCEL_IN_PROGRESS: {
    readonly cancellation: Cancellation;
    /** It is the caller's own request, which is still being sent. */
    readonly isOwn: boolean;
    /** Its order number is the caller's in other letter case. */
    readonly isOtherCase: boolean;
  };
  /** What the caller expected to be cancelled on the order, and what is. */
  CANCELLED_TOTAL_CHANGED: { readonly expectedTotal: Decimal; readonly currentTotal: Decimal };
  REJECTED_BY_EBP: {
    readonly resultCode: string | null;
    readonly ebpMessage: string | null;
    readonly requestId: string | null;
    readonly details: readonly FailureDetail[];
  };
  NOT_SENT: { readonly cause: FailureCause | null };
  NOT_CANCELLED: { readonly cause: FailureCause | null };
  OUTCOME_UNKNOWN: { readonly cancellation: Cancellation };
  NOT_IN_DOUBT: { readonly status: CancellationStatus };
  /** The obstacles that the operator did not name, and when EBP's settling time ends. */
  NOT_YET_FAILED: { readonly obstacles: readonly ResolutionObstacle[]; readonly settledAt: Date | null };
}
export type UserErrorCode = keyof Data;

/** In the order of the API's documents. Typed so that none can be forgotten. */
export const USER_ERROR_CODES = Object.keys({
  INVALID_INPUT: 0,
  AMOUNT_MISMATCH: 0,
  IDEMPOTENCY_KEY_REUSED: 0,
  CANCEL_IN_PROGRESS: 0,
  CANCELLED_TOTAL_CHANGED: 0,
  REJECTED_BY_EBP: 0,
  NOT_SENT: 0,
  NOT_CANCELLED: 0,
  OUTCOME_UNKNOWN: 0,
  NOT_IN_DOUBT: 0,
  NOT_YET_FAILED: 0,
} satisfies Record<UserErrorCode, 0>) as UserErrorCode[];

/** Something the caller can act on, as data. The words for it are in the catalogue of messages. */
export type UserError<Code extends UserErrorCode = UserErrorCode> = {
  [C in Code]: Data[C] & {
    readonly code: C;
    /** Path of the input field to look at, such as `input.items.2.amount`; null when it is not about one field. */
    readonly field: string | null;
    readonly nextAction: NextAction;
  };
}[Code];

/** The errors that a cancellation's state brings: none for SUCCEEDED, one for any other status, so that no other reads as success. */
export function errorsOf(cancellation: Cancellation): UserError[] {
  switch (cancellation.status) {
    case "SUCCEEDED":
      return [];
    case "PENDING":
      return [
        {
          code: "CANCEL_IN_PROGRESS",
          field: null,
          nextAction: "RETRY_SAME_KEY",
          cancellation,
          isOwn: true,
          isOtherCase: false,
        },
      ];
    case "UNKNOWN":
      return [outcomeUnknown(cancellation)];
    case "FAILED":
      return [failed(cancellation)];
  }
}

/** @param orderNo the order number as the caller wrote it. */
export function inProgress(cancellation: Cancellation, orderNo: string): UserError<"CANCEL_IN_PROGRESS"> {
  const isOtherCase = orderNo !== cancellation.orderNo;
  const common = { code: "CANCEL_IN_PROGRESS", field: "input.orderNo", nextAction: "WAIT" } as const;
  return { ...common, cancellation, isOwn: false, isOtherCase };
}

export function invalid(fault: Fault): UserError<"INVALID_INPUT"> {
  return { code: "INVALID_INPUT", field: fault.field, nextAction: "CORRECT_INPUT", fault };
}

export function amountMismatch(
  { amountBasis: basis }: Store,
  statedTotal: Decimal,
  computedTotal: Decimal,
): UserError<"AMOUNT_MISMATCH"> {
  const common = { code: "AMOUNT_MISMATCH", field: "input.totalCancelAmount" } as const;
  return { ...common, nextAction: "CORRECT_INPUT", statedTotal, computedTotal, basis };
}

/** A cancellation that the caller may not see gets the same answer as one that does not exist. */
export function notFound(field: string): UserError<"INVALID_INPUT"> {
  return invalid({ kind: "cancellationUnknown", field });
}

export function notInDoubt({ status }: Cancellation): UserError<"NOT_IN_DOUBT"> {
  const nextAction = status === "PENDING" ? "WAIT" : "NONE";
  return { code: "NOT_IN_DOUBT", field: "input.id", nextAction, status };
}

export function notYetFailed(
  obstacles: readonly ResolutionObstacle[],
  settledAt: Date | null,
): UserError<"NOT_YET_FAILED"> {
  const nextAction = obstacles.includes("SETTLING") ? "WAIT" : "CORRECT_INPUT";
  return { code: "NOT_YET_FAILED", field: "input.evenThough", nextAction, obstacles, settledAt };
}

/** What the first request with the key has come to decides what to do: a new key after a success would cancel a second time. */
const AFTER_REUSE: Readonly<Record<CancellationStatus, NextAction>> = {
  PENDING: "WAIT",
  UNKNOWN: "WAIT",
  SUCCEEDED: "RELOAD_ORDER",
  FAILED: "RETRY_NEW_KEY",
};

export function keyReused(cancellation: Cancellation): UserError<"IDEMPOTENCY_KEY_REUSED"> {
  const nextAction = AFTER_REUSE[cancellation.status];
  return { code: "IDEMPOTENCY_KEY_REUSED", field: "input.idempotencyKey", nextAction, cancellation };
}

export function totalChanged(
  expectedTotal: Decimal,
  currentTotal: Decimal,
): UserError<"CANCELLED_TOTAL_CHANGED"> {
  const common = { code: "CANCELLED_TOTAL_CHANGED", field: "input.expectedCancelledTotal" } as const;
  return { ...common, nextAction: "RELOAD_ORDER", expectedTotal, currentTotal };
}

function outcomeUnknown(cancellation: Cancellation): UserError<"OUTCOME_UNKNOWN"> {
  return { code: "OUTCOME_UNKNOWN", field: null, nextAction: "WAIT", cancellation };
}

/** It was recorded as failed, and was safe to retry until a proof came in that money has moved. */
export function isContradicted({ status, safeToRetry, failureKind }: Cancellation): boolean {
  return status === "FAILED" && !safeToRetry && failureKind !== "REJECTED";
}

function failed(cancellation: Cancellation): UserError {
  if (isContradicted(cancellation)) return outcomeUnknown(cancellation);
  const { failure, failureKind, requestId } = cancellation;
  const again = { field: null, nextAction: "RETRY_NEW_KEY", cause: failure?.cause ?? null } as const;
  if (failureKind === "NOT_SENT") return { code: "NOT_SENT", ...again };
  if (failureKind === "NOT_CANCELLED") return { code: "NOT_CANCELLED", ...again };
  return {
    code: "REJECTED_BY_EBP",
    field: null,
    // Once the cause is removed: EBP would reject the same request again.
    nextAction: "RETRY_NEW_KEY",
    resultCode: failure?.resultCode ?? null,
    ebpMessage: failure?.ebpMessage ?? null,
    requestId,
    details: failure?.details ?? [],
  };
}
