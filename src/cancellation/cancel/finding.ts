import type { Finding, Transition } from "../model/cancellation-ledger.js";
import type { Cancellation, Discrepancy } from "../model/cancellation.js";
import type { Evidence } from "../model/outcome.js";
import type { EventSource } from "../model/status.js";

/** A finding that is evidence and nothing else. */
export function evidenceFinding(source: EventSource, evidence: Evidence): Finding {
  return {
    source,
    actor: null,
    evidence,
    settlement: null,
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
  const contradiction = contradictionOf(cancellation, step);
  const agrees = cancellation.status === "SUCCEEDED" && step.to === "SUCCEEDED";
  return {
    ...evidenceFinding(source, evidence),
    actor,
    sentAgoMs,
    confirmation: agrees ? step.confirmation : null,
    discrepancies: [
      ...(agrees ? step.discrepancies : []),
      ...(contradiction === null ? [] : [contradiction]),
    ],
    contradicts: contradiction !== null,
  };
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
