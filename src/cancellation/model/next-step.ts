import type { Cancellation } from "./cancellation.js";

/**
 * What happens next to a cancellation that is not decided.
 * - OUTCOME: it is in flight; its outcome is recorded, or its lease runs out.
 * - LOOKUP: EBP is asked what became of it, at `nextCheckAt`.
 * - OPERATOR: no lookup can decide it; a person has to find out. A webhook may still decide it.
 */
export const NEXT_STEPS = ["OUTCOME", "LOOKUP", "OPERATOR"] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

/** Null for what is decided. */
export function nextStepOf({ status, nextCheckAt }: Cancellation): NextStep | null {
  if (status === "PENDING") return "OUTCOME";
  if (status !== "UNKNOWN") return null;
  return nextCheckAt === null ? "OPERATOR" : "LOOKUP";
}
