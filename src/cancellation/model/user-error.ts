import type { CancelRequest } from "./cancel-request.js";
import type { Cancellation } from "./cancellation.js";
import type { Decimal } from "./decimal.js";
import type { Fault } from "./errors.js";
import type { FailureDetail } from "./outcome.js";
import type { CancellationStatus } from "./status.js";

/**
 * What speaks against an operator's FAILED: a client that reads FAILED may cancel again.
 * - SETTLING: EBP may still be carrying it out.
 * - CANCEL_SHOWN: EBP's payment details show a cancel of this order.
 * - EVENT_OF_SUCCESS: EBP sent an event of a successful cancel that belongs to no cancellation here.
 */
export const RESOLUTION_OBSTACLES = ["SETTLING", "CANCEL_SHOWN", "EVENT_OF_SUCCESS"] as const;
export type ResolutionObstacle = (typeof RESOLUTION_OBSTACLES)[number];

/** What each kind of error brings besides its message and field. */
interface Data {
  INVALID_INPUT: object;
  /** The total that the items add up to, and the total that the request states. */
  AMOUNT_MISMATCH: { readonly expected: Decimal; readonly actual: Decimal };
  /** The cancellation that the key stands for. */
  IDEMPOTENCY_KEY_REUSED: { readonly cancellationId: string };
  /** The cancellation that keeps the order closed. */
  CANCEL_IN_PROGRESS: { readonly cancellationId: string };
  /** What the caller expected to be cancelled on the order, and what is. */
  CANCELLED_TOTAL_CHANGED: { readonly expected: Decimal; readonly actual: Decimal };
  REJECTED_BY_EBP: {
    readonly resultCode: string | null;
    readonly ebpMessage: string | null;
    readonly requestId: string | null;
    readonly details: readonly FailureDetail[];
  };
  NOT_SENT: object;
  NOT_CANCELLED: object;
  OUTCOME_UNKNOWN: { readonly cancellationId: string };
  NOT_IN_DOUBT: { readonly status: CancellationStatus };
  /** The obstacles that the operator did not name, and when EBP's settling time ends. */
  NOT_YET_FAILED: { readonly obstacles: readonly ResolutionObstacle[]; readonly settledAt: Date | null };
}

/** Something the caller can act on, as data. */
export type UserError<Code extends keyof Data = keyof Data> = {
  [C in Code]: Data[C] & {
    readonly code: C;
    readonly message: string;
    /** Path of the input field to look at, such as `input.items.2.amount`; null when it is not about one field. */
    readonly field: string | null;
  };
}[Code];

/** The errors that a cancellation's state brings: none for SUCCEEDED, one for any other status, so that no other reads as success. */
export function errorsOf(cancellation: Cancellation): UserError[] {
  switch (cancellation.status) {
    case "SUCCEEDED":
      return [];
    case "PENDING":
      return [{ ...inProgress(cancellation), field: null }];
    case "UNKNOWN":
      return [outcomeUnknown(cancellation)];
    case "FAILED":
      return [failed(cancellation)];
  }
}

/** @param orderNo the order number as the caller wrote it. */
export function inProgress(
  blocking: Cancellation,
  orderNo = blocking.orderNo,
): UserError<"CANCEL_IN_PROGRESS"> {
  const state = blocking.status === "UNKNOWN" ? "may have moved money" : "is being sent";
  const otherCase =
    orderNo === blocking.orderNo
      ? ""
      : " Your order number differs from that one only in upper and lower case, and EBP does not say whether case matters.";
  return {
    code: "CANCEL_IN_PROGRESS",
    field: "input.orderNo",
    cancellationId: blocking.id,
    message: `Another cancel of this order ${state}; its outcome is not known yet.${otherCase} No other cancel of this order is sent until it is known.`,
  };
}

export function invalid({ field, expected, found }: Fault): UserError<"INVALID_INPUT"> {
  return { code: "INVALID_INPUT", field, message: `${field}: expected ${expected}, found ${found}` };
}

/** A cancellation that the caller may not see gets the same answer as one that does not exist. */
export function notFound(field: string): UserError<"INVALID_INPUT"> {
  return invalid({ field, expected: "the id of a cancellation of your stores", found: "none with this id" });
}

export function notInDoubt({ status }: Cancellation): UserError<"NOT_IN_DOUBT"> {
  const why =
    status === "PENDING" ? "PENDING: its outcome is still to come" : `${status}, which has been proven`;
  return {
    code: "NOT_IN_DOUBT",
    field: "input.id",
    status,
    message: `Only an UNKNOWN cancellation can be resolved by hand; this one is ${why}. Nothing was changed.`,
  };
}

const OBSTACLES_IN_WORDS: Readonly<Record<ResolutionObstacle, string>> = {
  SETTLING: "EBP may still be carrying it out",
  CANCEL_SHOWN: "EBP's payment details show a cancel of this order",
  EVENT_OF_SUCCESS: "EBP has sent an event of a successful cancel that belongs to no cancellation here",
};

export function notYetFailed(
  { id }: Cancellation,
  obstacles: readonly ResolutionObstacle[],
  settledAt: Date | null,
): UserError<"NOT_YET_FAILED"> {
  const why = obstacles.map((obstacle) => OBSTACLES_IN_WORDS[obstacle]).join("; ");
  const until =
    obstacles.includes("SETTLING") && settledAt !== null ? ` Wait until ${settledAt.toISOString()}.` : "";
  return {
    code: "NOT_YET_FAILED",
    field: "input.evenThough",
    obstacles,
    settledAt,
    message: `Cancellation ${id} cannot be set to FAILED yet: ${why}. Nothing was changed.${until} To set it all the same, name ${obstacles.join(", ")} in evenThough.`,
  };
}

export function keyReused({ id }: Cancellation): UserError<"IDEMPOTENCY_KEY_REUSED"> {
  return {
    code: "IDEMPOTENCY_KEY_REUSED",
    field: "input.idempotencyKey",
    cancellationId: id,
    message:
      "This key was used in this store for a different request. This call sent nothing; use a new key for a new request.",
  };
}

export function totalChanged(request: CancelRequest, actual: Decimal): UserError<"CANCELLED_TOTAL_CHANGED"> {
  return {
    code: "CANCELLED_TOTAL_CHANGED",
    field: "input.expectedCancelledTotal",
    expected: request.expectedCancelledTotal ?? actual,
    actual,
    message:
      `${actual.toFixed()} has been cancelled on this order, not what expectedCancelledTotal says. This call sent nothing. ` +
      "Look at the order again and decide anew.",
  };
}

function outcomeUnknown({ id, nextCheckAt }: Cancellation): UserError<"OUTCOME_UNKNOWN"> {
  const next =
    nextCheckAt === null
      ? "EBP's answers cannot decide it: an operator has to find out and resolve it."
      : "EBP is asked again automatically; read this cancellation again later.";
  return {
    code: "OUTCOME_UNKNOWN",
    field: null,
    cancellationId: id,
    message: `The cancel may have been sent, and it is not known whether money moved. It is never sent again; do not repeat it under another key. ${next}`,
  };
}

function failed(cancellation: Cancellation): UserError {
  const { id, failure, failureKind, requestId, safeToRetry } = cancellation;
  const reason = failure?.message ?? "no reason recorded";
  // Until a proof of the opposite came in, it was safe to retry.
  if (!safeToRetry && failureKind !== "REJECTED") {
    return {
      code: "OUTCOME_UNKNOWN",
      field: null,
      cancellationId: id,
      message:
        "It was recorded as failed, but proof that money moved has come in since; its discrepancies say which. " +
        "Do not repeat it: a person has to look.",
    };
  }
  if (failureKind === "NOT_SENT") {
    const message = `The cancel never reached EBP, so nothing was cancelled: ${reason}. Try again with a new idempotency key.`;
    return { code: "NOT_SENT", field: null, message };
  }
  if (failureKind === "NOT_CANCELLED") {
    const message = `It has been found out since that nothing was cancelled: ${reason} Try again with a new idempotency key.`;
    return { code: "NOT_CANCELLED", field: null, message };
  }
  return {
    code: "REJECTED_BY_EBP",
    field: null,
    resultCode: failure?.resultCode ?? null,
    ebpMessage: failure?.message ?? null,
    requestId,
    details: failure?.details ?? [],
    message: `EBP rejected the cancel, so nothing was cancelled: ${reason}`,
  };
}
