import type { CancelIntent, Transition } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import {
  type CancelOutcome,
  type Confirmation,
  type Evidence,
  evidenceInWords,
  NOTHING_CONFIRMED,
} from "../model/outcome.js";
import type { SentCancel } from "../model/payment-gateway.js";
import type { EventSource, ResolvedBy, Settlement } from "../model/status.js";
import { statedTax } from "../request/amount-rule.js";
import { maskRefundAccount } from "../request/refund-account.js";
import { findDiscrepancies } from "./discrepancies.js";

/** The transition that the answer to the one send leads to. */
export function concludeFromResponse(intent: CancelIntent, { outcome, sentAgoMs }: SentCancel): Transition {
  return { ...undecided("RESPONSE", outcome.evidence), ...conclusion(intent, outcome), sentAgoMs };
}

function conclusion(
  intent: CancelIntent,
  outcome: CancelOutcome,
): Pick<Transition, "to"> & Partial<Transition> {
  switch (outcome.kind) {
    case "accepted": {
      const { confirmation } = outcome;
      const discrepancies = findDiscrepancies(intent.request.items, intent.store.amountBasis, confirmation);
      return { to: "SUCCEEDED", resolvedBy: "RESPONSE", settlement: "AWAITED", confirmation, discrepancies };
    }
    case "rejected":
      return { to: "FAILED", resolvedBy: "RESPONSE", failureKind: "REJECTED", failure: outcome.failure };
    case "notSent": {
      const { failure } = outcome;
      return { to: "FAILED", resolvedBy: "RESPONSE", failureKind: "NOT_SENT", failure, safeToRetry: true };
    }
    case "unknown":
      return { to: "UNKNOWN", failureKind: "IN_DOUBT", failure: outcome.failure };
  }
}

/** The process that was to send it went away, before or after sending. It is never sent again. */
export const LEASE_RAN_OUT: Transition = {
  ...undecided(
    "RECOVERY",
    evidenceInWords("Its lease ran out before an outcome was recorded: the process that held it went away."),
  ),
  to: "UNKNOWN",
  failureKind: "IN_DOUBT",
  failure: { resultCode: null, message: "the process that was to send it went away", details: [] },
};

/** A lookup, a webhook or an operator has proven that the cancel took effect. */
export function proven(
  by: Exclude<ResolvedBy, "RESPONSE">,
  evidence: Evidence,
  { actor = null, settlement = "AWAITED" }: { actor?: string | null; settlement?: Settlement } = {},
): Transition {
  return {
    ...undecided(by, evidence),
    to: "SUCCEEDED",
    actor,
    resolvedBy: by,
    settlement,
    confirmation: NOTHING_CONFIRMED,
  };
}

/** A lookup or an operator has proven that nothing was cancelled. The request may be tried again under a new key. */
export function disproven(
  by: Exclude<ResolvedBy, "RESPONSE">,
  evidence: Evidence,
  actor: string | null = null,
): Transition {
  return {
    ...undecided(by, evidence),
    to: "FAILED",
    actor,
    resolvedBy: by,
    safeToRetry: true,
    failureKind: "NOT_CANCELLED",
    failure: {
      resultCode: evidence.resultCode === "0" ? null : evidence.resultCode,
      message: evidence.basis,
      details: [],
    },
  };
}

function undecided(source: EventSource, evidence: Evidence): Omit<Transition, "to"> {
  return {
    source,
    evidence,
    actor: null,
    resolvedBy: null,
    safeToRetry: false,
    settlement: null,
    sentAgoMs: null,
    confirmation: null,
    discrepancies: [],
    failureKind: null,
    failure: null,
  };
}

/** What the database set when the intent was committed, by its own clock. */
type GivenLease = Pick<Cancellation, "createdAt" | "nextCheckAt" | "fencingToken">;

/** The cancellation that a committed intent creates. */
export function pendingCancellation(intent: CancelIntent, lease: GivenLease): Cancellation {
  const { id, store, request, requestedBy } = intent;
  const { items: _items, refundAccount, expectedCancelledTotal: _expected, ...recorded } = request;
  return {
    ...recorded,
    ...lease,
    ...withoutItems(NOTHING_CONFIRMED),
    id,
    requestedBy,
    currencyCode: store.currencyCode,
    amountBasis: store.amountBasis,
    totalTaxAmount: statedTax(request.items, store.amountBasis),
    refundAccount: refundAccount === null ? null : maskRefundAccount(refundAccount),
    status: "PENDING",
    safeToRetry: false,
    settlement: null,
    resolvedBy: null,
    requestId: null,
    failureKind: null,
    failure: null,
    discrepancies: [],
    inDoubtSince: null,
    lookups: 0,
    answeredAt: null,
    sentAt: null,
    resolvedAt: null,
    erasedAt: null,
  };
}

/** The cancellation after a transition; `written` is what the database set, by its own clock. */
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
    // A lookup's own tracking id is kept with its event.
    requestId: (step.source === "RESPONSE" ? step.evidence.requestId : null) ?? before.requestId,
    failureKind: step.failureKind,
    failure: step.failure,
    discrepancies: step.discrepancies,
  };
}

/** What EBP confirmed of items is stored with the items. */
function withoutItems({ items: _, ...confirmation }: Confirmation): Omit<Confirmation, "items"> {
  return confirmation;
}
