import type { CancelRequest, RequestIdentity } from "./cancel-request.js";
import type { Cancellation, CancellationReference, Discrepancy } from "./cancellation.js";
import type { Decimal } from "./decimal.js";
import type { Confirmation, Evidence, Failure, FailureKind } from "./outcome.js";
import type { CancellationStatus, EventSource, ResolvedBy, Settlement } from "./status.js";
import type { Store } from "./store.js";

/** A checked request that is about to be sent, once. */
export interface CancelIntent {
  readonly id: string;
  readonly store: Store;
  readonly request: CancelRequest;
  readonly fingerprint: string;
  readonly requestedBy: string | null;
}

export type IntentResult =
  /** Committed: this caller, and nobody else, sends it. */
  | { readonly kind: "recorded"; readonly cancellation: Cancellation }
  /** The key has been used in this store before. */
  | { readonly kind: "keyUsed"; readonly cancellation: Cancellation; readonly identity: RequestIdentity }
  /** Another cancel of this order is PENDING or UNKNOWN. */
  | { readonly kind: "orderBusy"; readonly blocking: Cancellation }
  /** The order's cancelled total is not what the caller expects. */
  | { readonly kind: "totalChanged"; readonly actual: Decimal };

/** One step to a new state, with its evidence. */
export interface Transition {
  readonly to: CancellationStatus;
  readonly source: EventSource;
  readonly actor: string | null;
  readonly resolvedBy: ResolvedBy | null;
  readonly safeToRetry: boolean;
  readonly settlement: Settlement | null;
  /** With the settlement REFUNDED: when the refund was carried out. */
  readonly refundedAt: Date | null;
  readonly sentAgoMs: number | null;
  readonly confirmation: Confirmation | null;
  readonly discrepancies: readonly Discrepancy[];
  readonly failureKind: FailureKind | null;
  readonly failure: Failure | null;
  readonly evidence: Evidence;
}

/** Commits intents and outcomes. Each method is one atomic step. */
export interface CancellationLedger {
  /** Commits the PENDING cancellation, its lease, its items and its first event, or says why it may not exist. */
  recordIntent(intent: CancelIntent): Promise<IntentResult>;
  /**
   * Commits a transition and its event.
   * @throws StaleTransitionError when the cancellation is no longer in the given state, somebody else has claimed it since, or the result of
   * its one send is recorded already.
   */
  recordTransition(cancellation: Cancellation, transition: Transition): Promise<Cancellation>;
  /**
   * Commits an event that leaves the status as it is, whoever holds the lease. False: the result of its one send is recorded already, or the
   * settlement may not follow the present one.
   */
  recordFinding(reference: CancellationReference, finding: Finding): Promise<boolean>;
  /** The cancellation as it stands now; null when these stores have none with this id. */
  find(storeIds: readonly string[], id: string): Promise<Cancellation | null>;
  /** Resolves when the cancellation is no longer PENDING, or with it as it is after `timeoutMs`. */
  awaitOutcome(cancellation: Cancellation, timeoutMs: number): Promise<Cancellation>;
}

/** Something learnt about a cancellation that leaves its status as it is. It becomes an event. */
export interface Finding extends Pick<
  Transition,
  "source" | "actor" | "evidence" | "sentAgoMs" | "refundedAt"
> {
  /** What became of the money; only for a SUCCEEDED cancellation whose settlement it may follow. */
  readonly settlement: Settlement | null;
  /** Adds what EBP had not confirmed so far. */
  readonly confirmation: Confirmation | null;
  /** Further differences for a person to look at. */
  readonly discrepancies: readonly Discrepancy[];
  /** It proves the opposite of what was decided. A FAILED cancellation is then no longer safe to retry. */
  readonly contradicts: boolean;
  /** No scheduled lookup can decide it any more: a person has to. */
  readonly isForOperator?: boolean;
  /** The next lookup, if one is planned, comes within this time; null leaves the plan. */
  readonly lookWithinMs?: number | null;
}

/** Called when something has been recorded that contradicts the cancellation's status: a person has to look. */
export type OnContradiction = (
  cancellation: Cancellation,
  found: Pick<Finding, "source" | "evidence" | "discrepancies">,
) => void;
