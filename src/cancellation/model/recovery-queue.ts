import type { RefundAccount } from "./cancel-request.js";
import type { Cancellation, CancellationReference } from "./cancellation.js";
import type { Decimal } from "./decimal.js";

/** Somebody has taken charge of an open cancellation: its lease is the claimer's now, and whoever had it is late. */
export interface Claim extends CancellationReference {
  readonly fencingToken: number;
  /** How long it had been in doubt when it was claimed, by the database's clock; zero when it was not. */
  readonly inDoubtForMs: number;
}

/** What the claimer needs to find out what became of it. */
export interface ClaimedCancellation {
  readonly cancellation: Cancellation;
  /** Throws when it cannot be opened any more. Only a lookup needs it, to take it out of the answer. */
  readonly openRefundAccount: () => RefundAccount | null;
  /** What cancels of ours that succeeded have taken from the order. */
  readonly cancelledBefore: Decimal;
  /** What was captured of the payment, as its webhooks said; null when they did not, or contradict each other. */
  readonly capturedAmount: Decimal | null;
  /** Events of success of the order that no cancellation here accounts for. */
  readonly unaccountedEvents: number;
  /** Other cancels of the order that are in doubt. */
  readonly othersInDoubt: number;
}

/** Open cancellations that wait to be looked at. Replicas share it: nothing is handed out twice. */
export interface RecoveryQueue {
  /** Takes charge of up to `limit` cancellations whose time has come, and plans their next look, whatever becomes of this one. */
  claimDue(limit: number): Promise<Claim[]>;
  /**
   * Takes charge of this one now: in doubt at any time, PENDING only when its lease has run out. What is planned for one in doubt
   * stays as it is. Null when there is no such cancellation in these stores, or it cannot be claimed.
   */
  claim(storeIds: readonly string[], id: string): Promise<Claim | null>;
  /** Ids of what is in doubt in the stores of this process, oldest first, no more than 10 000. */
  idsInDoubt(): Promise<string[]>;
  /** Null when somebody else has taken charge since. */
  open(claim: Claim): Promise<ClaimedCancellation | null>;
}
