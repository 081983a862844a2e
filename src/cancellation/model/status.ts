/**
 * The states of a cancellation.
 * - PENDING: the intent is committed; the one send may be under way.
 * - SUCCEEDED: proven that EBP accepted it.
 * - FAILED: proven that nothing was cancelled.
 * - UNKNOWN: perhaps sent, and nothing proves yet whether money moved. Never sent again; decided by evidence only.
 */
export const CANCELLATION_STATUSES = ["PENDING", "SUCCEEDED", "FAILED", "UNKNOWN"] as const;
export type CancellationStatus = (typeof CANCELLATION_STATUSES)[number];

/** What brought the evidence that decided a cancellation. */
export const RESOLVERS = ["RESPONSE", "LOOKUP", "WEBHOOK", "OPERATOR"] as const;
export type ResolvedBy = (typeof RESOLVERS)[number];

/** What EBP's webhooks have told us since a cancel succeeded. */
export const SETTLEMENTS = ["AWAITED", "VOIDED", "REFUND_REQUESTED"] as const;
export type Settlement = (typeof SETTLEMENTS)[number];

/** Who or what caused a step: the caller who asked, a resolver, or recovery after a crash. */
export const EVENT_SOURCES = ["CALLER", ...RESOLVERS, "RECOVERY"] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** Every step a cancellation can take. What is not here cannot happen. */
const TRANSITIONS: Readonly<Record<CancellationStatus, readonly CancellationStatus[]>> = {
  PENDING: ["SUCCEEDED", "FAILED", "UNKNOWN"],
  UNKNOWN: ["SUCCEEDED", "FAILED"],
  SUCCEEDED: [],
  FAILED: [],
};

export function canMove(from: CancellationStatus, to: CancellationStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** @throws when the rules have no such step: a fault of ours, found before anything is written. */
export function assertCanMove(from: CancellationStatus, to: CancellationStatus): void {
  if (!canMove(from, to)) throw new Error(`a cancellation cannot move from ${from} to ${to}`);
}

/** Of a decided one it is known whether money moved. */
export const DECIDED_STATUSES = ["SUCCEEDED", "FAILED"] as const satisfies readonly CancellationStatus[];

/** An open cancellation keeps its order closed to others: its money may still move. */
export const OPEN_STATUSES = ["PENDING", "UNKNOWN"] as const satisfies readonly CancellationStatus[];
