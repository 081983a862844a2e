import type { CancelRequest, RequestIdentity } from "./cancel-request.js";
import type { Cancellation, CancellationReference, Discrepancy } from "./cancellation.js";
import type { Decimal } from "./decimal.js";
import type { Confirmation, Evidence, Failure, FailureKind } from "./outcome.js";
import type { CancellationStatus, EventSource, ResolvedBy, Settlement } from "./status.js";
import type { Store } from "./store.js";

/** The one request to cancel that is about to be sent. */
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
  /** Another cancel of this order is in flight or in doubt. */
  | { readonly kind: "orderBusy"; readonly blocking: Cancellation }
  /** The order's cancelled total is not what the caller believes. */
  | { readonly kind: "totalChanged"; readonly actual: Decimal };

/** One step to a new state, with what it rests on. */
export interface Transition {
  readonly to: CancellationStatus;
  readonly source: EventSource;
  readonly actor: string | null;
  readonly resolvedBy: ResolvedBy | null;
  readonly safeToRetry: boolean;
  readonly settlement: Settlement | null;
  readonly sentAgoMs: number | null;
  readonly confirmation: Confirmation | null;
  readonly discrepancies: readonly Discrepancy[];
  readonly failureKind: FailureKind | null;
  readonly failure: Failure | null;
  readonly evidence: Evidence;
}

/** Where intents and outcomes are committed. Each method is one atomic step. */
export interface CancellationLedger {
  /** Commits the PENDING cancellation, its lease, its items and its first event, or says why it may not exist. */
  recordIntent(intent: CancelIntent): Promise<IntentResult>;
  /**
   * Commits a transition and its event.
   * @throws StaleTransitionError when the cancellation is no longer in the state it is given in, somebody else has taken charge
   * of it since, or what came of its one send is recorded already.
   */
  recordTransition(cancellation: Cancellation, transition: Transition): Promise<Cancellation>;
  /** Commits an event that leaves the status as it is, whoever is in charge. False: its one answer is recorded already. */
  recordFinding(reference: CancellationReference, finding: Finding): Promise<boolean>;
  /** As it stands now; null when these stores have none with this id. */
  find(storeIds: readonly string[], id: string): Promise<Cancellation | null>;
  /** The cancellation as soon as it is no longer PENDING, or as it is when the time is over. */
  awaitOutcome(cancellation: Cancellation, timeoutMs: number): Promise<Cancellation>;
}

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
