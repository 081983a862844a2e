import type { Cancellation } from "./cancellation.js";
import type { CancelRequest } from "./cancel-request.js";
import type { Decimal } from "./decimal.js";
import type { Discrepancy } from "./discrepancies.js";
import type { Confirmation, Evidence, Failure, FailureKind } from "./outcome.js";
import type { RequestIdentity } from "./same-request.js";
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
  /** Commits the PENDING cancellation, its items and its first event, or says why it may not exist. */
  recordIntent(intent: CancelIntent): Promise<IntentResult>;
  /**
   * Commits a transition and its event.
   * @throws StaleTransitionError when the cancellation is no longer in the state it is given in.
   */
  recordTransition(cancellation: Cancellation, transition: Transition): Promise<Cancellation>;
  /** The cancellation as soon as it is no longer PENDING, or as it is when the time is over. */
  awaitOutcome(cancellation: Cancellation, timeoutMs: number): Promise<Cancellation>;
}
