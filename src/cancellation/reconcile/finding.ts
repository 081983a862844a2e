import type { Transition } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import type { Discrepancy } from "../cancel/discrepancies.js";
import type { Confirmation, Evidence } from "../model/outcome.js";
import type { EventSource, Settlement } from "../model/status.js";

/** Something that was learnt of a cancellation and leaves its status as it is. It becomes an event. */
export interface Finding {
  readonly source: EventSource;
  readonly actor: string | null;
  readonly evidence: Evidence;
  /** What the money has come to; only of one that has succeeded and was still awaited. */
  readonly settlement: Settlement | null;
  /** Fills in what EBP had not confirmed so far. */
  readonly confirmation: Confirmation | null;
  /** Differences for a person to look at, on top of those known. */
  readonly discrepancies: readonly Discrepancy[];
  /** It proves the opposite of what was decided. What had failed is then not safe to retry any more. */
  readonly contradicts: boolean;
  readonly sentAgoMs: number | null;
  /** Nothing that is scheduled can decide it any more: a person has to. */
  readonly isForOperator?: boolean;
  /** The next look, if one is planned, comes within this time; null leaves it as it is planned. */
  readonly lookWithinMs?: number | null;
}

/** Told when something has come in, and is kept, that does not agree with what stands: a person has to look. */
export type OnContradiction = (
  cancellation: Cancellation,
  found: Pick<Finding, "source" | "evidence" | "discrepancies">,
) => void;

/** Evidence and nothing else. */
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
 * What is kept of a result that came too late to decide: somebody else has decided since, or it proves nothing. What was decided
 * stands; a result that says otherwise is shown as a discrepancy, for a person to look at.
 */
export function lateFinding(cancellation: Cancellation, step: Transition): Finding {
  const { source, actor, evidence, sentAgoMs } = step;
  const contradiction = contradictionOf(cancellation, step);
  const agrees = cancellation.status === "SUCCEEDED" && step.to === "SUCCEEDED";
  return {
    source,
    actor,
    evidence,
    sentAgoMs,
    settlement: null,
    confirmation: agrees ? step.confirmation : null,
    discrepancies: [
      ...(agrees ? step.discrepancies : []),
      ...(contradiction === null ? [] : [contradiction]),
    ],
    contradicts: contradiction !== null,
  };
}

/** A proof of the opposite of what was decided. An outcome that proves nothing contradicts nothing. */
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
