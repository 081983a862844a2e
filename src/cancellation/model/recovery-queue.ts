import type { RefundAccount } from "./cancel-request.js";
import type { Cancellation, CancellationReference } from "./cancellation.js";
import type { Decimal } from "./decimal.js";

/** A claim on an open cancellation: the claimer holds its lease, and steps by earlier holders are late. */
export interface Claim extends CancellationReference {
  readonly fencingToken: number;
  /** How long it had been UNKNOWN when it was claimed, by the database's clock; zero when it was not. */
  readonly inDoubtForMs: number;
}

/** What the claimer needs to find out what became of the cancel. */
export interface ClaimedCancellation {
  readonly cancellation: Cancellation;
  /** Throws when it cannot be decrypted any more. A lookup needs it to redact the answer. */
  readonly openRefundAccount: () => RefundAccount | null;
  /** What this service's successful cancels have taken from the order. */
  readonly cancelledBefore: Decimal;
  /** What was captured, according to webhooks; null when they do not say, or contradict each other. */
  readonly capturedAmount: Decimal | null;
  /** Events of successful cancels of the order that belong to no cancellation here. */
  readonly unaccountedEvents: number;
  /** Other UNKNOWN cancels of the order: only where several were entered again after the database lost them. */
  readonly othersInDoubt: number;
}

/** Open cancellations that wait to be reconciled. Replicas share it: no cancellation is handed out twice. */
export interface RecoveryQueue {
  /** Claims up to `limit` cancellations that are due, and plans the next lookup of each, whatever becomes of this one. */
  claimDue(limit: number): Promise<Claim[]>;
  /**
   * Claims this cancellation now: an UNKNOWN one at any time, leaving its planned lookup; a PENDING one only when its lease has expired.
   * Null when these stores have no such cancellation, or it cannot be claimed.
   */
  claim(storeIds: readonly string[], id: string): Promise<Claim | null>;
  /** Ids of UNKNOWN cancellations in the stores of this process, oldest first, at most 10 000. */
  idsInDoubt(): Promise<string[]>;
  /** Null when somebody else has claimed it since. */
  open(claim: Claim): Promise<ClaimedCancellation | null>;
}
