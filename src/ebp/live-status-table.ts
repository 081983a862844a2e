import type { UnavailableReason } from "../cancellation/history/live-status.js";
import { isSuccess, type ShownDetails } from "./payment-state-table.js";

export interface UnavailableRow {
  readonly reason: UnavailableReason;
  /** For whoever looks. */
  readonly message: string;
  readonly when: (details: ShownDetails) => boolean;
}

/** Why the answer to a question shows nothing of the payment; the first row that fits decides. None fits: it shows something. */
export const UNAVAILABLE_TABLE: readonly UnavailableRow[] = [
  {
    reason: "TIMED_OUT",
    message: "EBP did not answer in time.",
    when: (d) => d.end === "timedOut",
  },
  {
    reason: "NOT_REACHED",
    message: "No connection to EBP could be made.",
    when: (d) => !d.left,
  },
  {
    reason: "NOT_READABLE",
    message: "EBP's answer broke off, or was too large to be one.",
    when: (d) => d.end !== "complete",
  },
  {
    reason: "NOT_READABLE",
    message: "The answer is not EBP's, or cannot be read.",
    when: (d) => d.text.kind !== "envelope",
  },
  {
    reason: "REFUSED",
    message: "EBP answered with an error, and without the payment's details.",
    when: (d) => d.text.kind === "envelope" && d.text.envelope.resultCode !== "0",
  },
  {
    reason: "NOT_READABLE",
    message: "EBP's answer contradicts itself: it says that all is well, and its HTTP status does not.",
    when: (d) => !isSuccess(d),
  },
  {
    reason: "NOT_READABLE",
    message: "EBP's answer names no order, or another one.",
    when: (d) => d.isSameOrder !== true,
  },
];
