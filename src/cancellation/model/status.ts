/**
 * The states of a cancellation.
 * - PENDING: the intent is committed; the one send may be under way.
 * - SUCCEEDED: proven that EBP accepted it.
 * - FAILED: proven that nothing was cancelled.
 * - UNKNOWN: it may have been sent, and nothing proves yet whether money moved. It is never sent again; only evidence decides it.
 */
export const CANCELLATION_STATUSES = ["PENDING", "SUCCEEDED", "FAILED", "UNKNOWN"] as const;
export type CancellationStatus = (typeof CANCELLATION_STATUSES)[number];

/** What kind of evidence decided a cancellation. */
export const RESOLVERS = ["RESPONSE", "LOOKUP", "WEBHOOK", "OPERATOR"] as const;
export type ResolvedBy = (typeof RESOLVERS)[number];

/** What became of the money after a cancel succeeded, according to EBP's webhooks. */
export const SETTLEMENTS = ["AWAITED", "VOIDED", "REFUND_REQUESTED", "REFUNDED"] as const;
export type Settlement = (typeof SETTLEMENTS)[number];

/** The settlements that each one may follow: it never goes back. EBP may skip REFUND_REQUESTED. */
export const SETTLED_FROM: Readonly<Record<Settlement, readonly Settlement[]>> = {
  AWAITED: [],
  VOIDED: ["AWAITED"],
  REFUND_REQUESTED: ["AWAITED"],
  REFUNDED: ["AWAITED", "REFUND_REQUESTED"],
};

/** What caused a step: the caller, a resolver, or recovery after a crash. */
export const EVENT_SOURCES = ["CALLER", ...RESOLVERS, "RECOVERY"] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** Every step a cancellation can take. */
const TRANSITIONS: Readonly<Record<CancellationStatus, readonly CancellationStatus[]>> = {
  PENDING: ["SUCCEEDED", "FAILED", "UNKNOWN"],
  UNKNOWN: ["SUCCEEDED", "FAILED"],
  SUCCEEDED: [],
  FAILED: [],
};

export function canMove(from: CancellationStatus, to: CancellationStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** @throws Error for a step that is not in the table: a fault of ours, found before anything is written. */
export function assertCanMove(from: CancellationStatus, to: CancellationStatus): void {
  if (!canMove(from, to)) throw new Error(`a cancellation cannot move from ${from} to ${to}`);
}

/** It is known whether money moved. */
export const DECIDED_STATUSES = ["SUCCEEDED", "FAILED"] as const satisfies readonly CancellationStatus[];

/** Money may still move, so no other cancel of the order is sent. */
export const OPEN_STATUSES = ["PENDING", "UNKNOWN"] as const satisfies readonly CancellationStatus[];
