import type { ItemType } from "./cancel-request.js";
import type { Decimal } from "./decimal.js";

/** What the upstream answered, kept so that anyone can check the conclusion. It holds no account number and no holder name. */
export interface Evidence {
  /** Why the answer proves what it proves: the row of the table that decided. */
  readonly basis: string;
  readonly httpStatus: number | null;
  readonly resultCode: string | null;
  readonly requestId: string | null;
  /** EBP's own time stamp, as it wrote it. */
  readonly timestamp: string | null;
  /** SHA-256, hex, of the answer's bytes; null without an answer, or when it may name an account or a buyer. */
  readonly digest: string | null;
  /** The answer as received. It is stored encrypted and never shown. */
  readonly rawAnswer: string | null;
}

/** What EBP says it cancelled. Null is "not stated, or not readable". */
export interface Confirmation {
  readonly returnRequestId: string | null;
  readonly processedCount: number | null;
  readonly totalProductAmount: Decimal | null;
  readonly totalProductTaxAmount: Decimal | null;
  readonly totalDeliveryAmount: Decimal | null;
  readonly totalDeliveryTaxAmount: Decimal | null;
  readonly items: readonly ConfirmedItem[];
}

export interface ConfirmedItem {
  readonly seq: number;
  /** As EBP wrote it; it may be a type this service does not know. */
  readonly itemType: ItemType | (string & {}) | null;
  readonly itemId: string | null;
  readonly quantity: number | null;
  readonly amount: Decimal | null;
  readonly taxAmount: Decimal | null;
}

export interface FailureDetail {
  /** The header or body field that EBP names; null when it names none. */
  readonly field: string | null;
  readonly message: string;
}

/** Why a cancel has not succeeded, as far as is known. What it says in words is in the catalogue of messages. */
export const FAILURE_CAUSES = [
  "SENT_TOO_LATE",
  "NOT_CONNECTED",
  "REFUSED_BY_GATEWAY",
  "NOT_STORED_IN_TIME",
  "TIMED_OUT",
  "CONNECTION_BROKE",
  "ANSWER_NOT_READABLE",
  "ANSWER_PROVES_NOTHING",
  "REJECTED",
  "FAULT_WHILE_SENDING",
  "PROCESS_LOST",
  "ENTERED_AGAIN",
  "DISPROVEN_BY_EBP",
  "DISPROVEN_BY_OPERATOR",
] as const;
export type FailureCause = (typeof FAILURE_CAUSES)[number];

export interface Failure {
  readonly cause: FailureCause;
  /** EBP's result code; null when there was no EBP answer. */
  readonly resultCode: string | null;
  /** EBP's message as EBP sent it; null when it gave none. */
  readonly ebpMessage: string | null;
  readonly details: readonly FailureDetail[];
}

/** For a success that something else than EBP's answer to the cancel has proven. */
export const NOTHING_CONFIRMED: Confirmation = {
  returnRequestId: null,
  processedCount: null,
  totalProductAmount: null,
  totalProductTaxAmount: null,
  totalDeliveryAmount: null,
  totalDeliveryTaxAmount: null,
  items: [],
};

/** Evidence that is not an answer of EBP: a person's note, or a rule. */
export function evidenceInWords(basis: string): Evidence {
  return {
    basis,
    httpStatus: null,
    resultCode: null,
    requestId: null,
    timestamp: null,
    digest: null,
    rawAnswer: null,
  };
}

/** A failure of which EBP said nothing. */
export function failureOf(cause: FailureCause): Failure {
  return { cause, resultCode: null, ebpMessage: null, details: [] };
}

/** What one attempt to cancel proved about the money. */
export type CancelOutcome =
  /** EBP accepted the cancel. */
  | { readonly kind: "accepted"; readonly confirmation: Confirmation; readonly evidence: Evidence }
  /** EBP rejected it: nothing was cancelled. */
  | { readonly kind: "rejected"; readonly failure: Failure; readonly evidence: Evidence }
  /** It never reached EBP: nothing was cancelled, and the request may be tried again. */
  | { readonly kind: "notSent"; readonly failure: Failure; readonly evidence: Evidence }
  /** Nothing is proven: money may have moved. */
  | { readonly kind: "unknown"; readonly failure: Failure; readonly evidence: Evidence };

/** Why a cancellation is not SUCCEEDED. It decides the caller's next step. */
export const FAILURE_KINDS = ["REJECTED", "NOT_SENT", "IN_DOUBT", "NOT_CANCELLED"] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];
