import type { CancelIntent, Transition } from "./cancellation-ledger.js";
import { findDiscrepancies } from "./discrepancies.js";
import type { CancelOutcome } from "./outcome.js";
import type { SentCancel } from "./payment-gateway.js";

/** The step that the answer to the one send takes a PENDING cancellation. */
export function concludeFromResponse(intent: CancelIntent, { outcome, sentAgoMs }: SentCancel): Transition {
  return { ...UNDECIDED, ...conclusion(intent, outcome), sentAgoMs, evidence: outcome.evidence };
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

const UNDECIDED = {
  source: "RESPONSE",
  actor: null,
  resolvedBy: null,
  safeToRetry: false,
  settlement: null,
  confirmation: null,
  discrepancies: [],
  failureKind: null,
  failure: null,
} as const satisfies Partial<Transition>;
