import type { CancelIntent, Finding, Transition } from "../model/cancellation-ledger.js";
import { type CancelItem, computeTotals, statedTax } from "../model/cancel-request.js";
import type { Cancellation, Discrepancy } from "../model/cancellation.js";
import type { Decimal } from "../model/decimal.js";
import {
  type CancelOutcome,
  type Confirmation,
  type ConfirmedItem,
  type Evidence,
  evidenceInWords,
  failureOf,
  NOTHING_CONFIRMED,
} from "../model/outcome.js";
import type { SentCancel } from "../model/payment-gateway.js";
import type { EventSource, ResolvedBy, Settlement } from "../model/status.js";
import type { AmountBasis } from "../model/store.js";
import { maskRefundAccount } from "../request/field-rules.js";

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
  failure: failureOf("PROCESS_LOST"),
};

interface ProvenBy extends Pick<Transition, "actor" | "refundedAt"> {
  readonly settlement: Settlement;
}

/** A lookup, a webhook or an operator has proven that the cancel took effect. */
export function proven(
  by: Exclude<ResolvedBy, "RESPONSE">,
  evidence: Evidence,
  { actor = null, settlement = "AWAITED", refundedAt = null }: Partial<ProvenBy> = {},
): Transition {
  return {
    ...undecided(by, evidence),
    to: "SUCCEEDED",
    actor,
    resolvedBy: by,
    settlement,
    refundedAt,
    confirmation: NOTHING_CONFIRMED,
  };
}

/** A lookup or an operator has proven that nothing was cancelled. The request may be tried again under a new key. */
export function disproven(
  by: Exclude<ResolvedBy, "RESPONSE">,
  evidence: Evidence,
  actor: string | null = null,
): Transition {
  const { resultCode } = evidence;
  return {
    ...undecided(by, evidence),
    to: "FAILED",
    actor,
    resolvedBy: by,
    safeToRetry: true,
    failureKind: "NOT_CANCELLED",
    failure: {
      ...failureOf(by === "OPERATOR" ? "DISPROVEN_BY_OPERATOR" : "DISPROVEN_BY_EBP"),
      resultCode: resultCode === "0" ? null : resultCode,
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
    refundedAt: null,
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
    refundedAt: null,
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
    refundedAt: step.refundedAt,
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

/** Every difference between the request and EBP's confirmation. A field that EBP leaves out is no difference, except the totals and the count, which it promises. */
export function findDiscrepancies(
  items: readonly CancelItem[],
  basis: AmountBasis,
  confirmed: Confirmation,
): Discrepancy[] {
  const asked = computeTotals(items, basis);
  return [
    ...promised("totalProductAmount", asked.productTotal, confirmed.totalProductAmount),
    ...promised("totalProductTaxAmount", asked.productTax, confirmed.totalProductTaxAmount),
    ...promised("totalDeliveryAmount", asked.deliveryTotal, confirmed.totalDeliveryAmount),
    ...promised("totalDeliveryTaxAmount", asked.deliveryTax, confirmed.totalDeliveryTaxAmount),
    ...differs("processedCount", String(items.length), confirmed.processedCount?.toString() ?? "not stated"),
    ...(confirmed.returnRequestId === null
      ? [{ field: "returnRequestId", asked: "an id", confirmed: "not stated" }]
      : []),
    ...items.flatMap((item) => itemDiscrepancies(item, confirmed.items)),
    ...confirmed.items
      .filter((line) => !items.some((item) => item.seq === line.seq))
      .map((line) => ({ field: `items.seq ${line.seq}`, asked: "nothing", confirmed: "an item" })),
  ];
}

function itemDiscrepancies(item: CancelItem, confirmed: readonly ConfirmedItem[]): Discrepancy[] {
  const field = `items.seq ${item.seq}`;
  const [line, ...more] = confirmed.filter((candidate) => candidate.seq === item.seq);
  if (line === undefined) return [{ field, asked: "an item", confirmed: "not stated" }];
  if (more.length > 0) return [{ field, asked: "an item", confirmed: `${more.length + 1} items` }];
  return [
    ...differs(`${field}.itemId`, item.itemId, line.itemId ?? item.itemId),
    ...differs(`${field}.itemType`, item.itemType, line.itemType ?? item.itemType),
    ...differs(`${field}.quantity`, String(item.quantity), String(line.quantity ?? item.quantity)),
    ...stated(`${field}.amount`, item.amount, line.amount),
    ...stated(`${field}.taxAmount`, item.taxAmount, line.taxAmount),
  ];
}

/** For a field that EBP promises on every success: its absence is a difference too. */
function promised(field: string, asked: Decimal | null, confirmed: Decimal | null): Discrepancy[] {
  return asked === null ? [] : differs(field, asked.toFixed(), confirmed?.toFixed() ?? "not stated");
}

function stated(field: string, asked: Decimal | null, confirmed: Decimal | null): Discrepancy[] {
  return asked === null || confirmed === null ? [] : differs(field, asked.toFixed(), confirmed.toFixed());
}

function differs(field: string, asked: string, confirmed: string): Discrepancy[] {
  return asked === confirmed ? [] : [{ field, asked, confirmed }];
}

/** A finding that is evidence and nothing else. */
export function evidenceFinding(source: EventSource, evidence: Evidence): Finding {
  return {
    source,
    actor: null,
    evidence,
    settlement: null,
    refundedAt: null,
    confirmation: null,
    discrepancies: [],
    contradicts: false,
    sentAgoMs: null,
  };
}

/**
 * What is kept of a result that came too late to decide. The decision stands; a result that contradicts it becomes a discrepancy for a person
 * to look at.
 */
export function lateFinding(cancellation: Cancellation, step: Transition): Finding {
  const { source, actor, evidence, sentAgoMs } = step;
  const late = { ...evidenceFinding(source, evidence), actor, sentAgoMs };
  const contradiction = contradictionOf(cancellation, step);
  if (contradiction !== null) return { ...late, discrepancies: [contradiction], contradicts: true };
  const agrees = cancellation.status === "SUCCEEDED" && step.to === "SUCCEEDED";
  return agrees ? { ...late, confirmation: step.confirmation, discrepancies: step.discrepancies } : late;
}

/** The contradiction between a decided cancellation and a proof of the opposite; null when there is none. */
export function contradictionOf(
  cancellation: Cancellation,
  step: Pick<Transition, "to" | "source">,
): Discrepancy | null {
  const decided = cancellation.status === "SUCCEEDED" || cancellation.status === "FAILED";
  if (!decided || step.to === "UNKNOWN" || step.to === cancellation.status) return null;
  return {
    field: "status",
    asked: `${cancellation.status} by ${cancellation.resolvedBy ?? "nobody"}`,
    confirmed: `${step.to} by ${step.source}`,
  };
}
