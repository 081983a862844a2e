import type { Cancellation } from "./cancellation.js";
import type { CancelRequest } from "./cancel-request.js";
import type { Decimal } from "./decimal.js";
import type { Finding } from "../reconcile/finding.js";
import type { CancellationReference } from "../history/history.js";
import type { Discrepancy } from "../cancel/discrepancies.js";
import type { Confirmation, Evidence, Failure, FailureKind } from "./outcome.js";
import type { RequestIdentity } from "../request/same-request.js";
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
