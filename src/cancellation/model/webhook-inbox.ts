import type { Finding, Transition } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import type { Decimal } from "./decimal.js";

/**
 * What a webhook says about cancels.
 * - VOIDED: a payment was cancelled in full before capture went through.
 * - REFUND_REQUESTED: the refund of a captured payment was accepted, for `amount`.
 * - REFUNDED: a full or partial refund of a captured payment was carried out, for `amount`.
 * - CAPTURED: the payment was captured, for `amount`: how much there is to cancel.
 * - OTHER: anything else, unknown types too. It is kept, and changes nothing.
 */
export const WEBHOOK_KINDS = ["VOIDED", "REFUND_REQUESTED", "REFUNDED", "CAPTURED", "OTHER"] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

/** Whether EBP's webhooks state amounts in minor units of `exponent`. EBP does not publish it: it is a setting. */
export const WEBHOOK_AMOUNTS = ["minor", "major"] as const;
export type WebhookAmounts = (typeof WEBHOOK_AMOUNTS)[number];

/** A genuine webhook as read. EBP gives its events no id; null is "not stated, or not readable". */
export interface WebhookEvent {
  readonly kind: WebhookKind;
  /** EBP's name of the event, such as PAYMENT_VOIDED. */
  readonly eventType: string | null;
  readonly eventTime: Date | null;
  /** The stores whose secret verifies its signature: the event is about one of them. */
  readonly storeIds: readonly string[];
  readonly orderNo: string | null;
  /** In major units of the currency. */
  readonly amount: Decimal | null;
  readonly currencyCode: string | null;
  /** When the refund was carried out, of an event that says so. */
  readonly refundedAt: Date | null;
  readonly paymentStatus: string | null;
  readonly resultCode: string | null;
  /** False when the event says that the operation failed. */
  readonly isOfSuccess: boolean;
  /** SHA-256, hex, of the body's bytes. The same body is the same event, whenever it is signed. */
  readonly digest: string;
}

/** A stored event. */
export interface KeptEvent extends WebhookEvent, WebhookReference {
  /** By the database's clock. */
  readonly receivedAt: Date;
}

/** A webhook with a valid signature. */
export interface ReceivedWebhook {
  readonly event: WebhookEvent;
  /** Unix seconds, covered by the signature. */
  readonly signedAt: number;
  /** The body as received. It may hold personal data: it is stored encrypted. */
  readonly body: Buffer;
}

export interface WebhookReference {
  /** The first of the event's stores: it is kept with the cancellations of that one. */
  readonly storeId: string;
  readonly digest: string;
}

/** A claim on a webhook; its next attempt is planned already. When two replicas claim it, one of them concludes. */
export interface WebhookClaim extends WebhookReference {
  /** No further attempt is planned. */
  readonly isLast: boolean;
}

export interface KeptWebhook {
  readonly event: KeptEvent;
  /** Another body with the same event, order, time and amount has been handled already. */
  readonly isRepeat: boolean;
  readonly likeIt: EventsLikeIt;
}

/** The other events of the same kind and order. */
export interface EventsLikeIt {
  /** The ids of the cancellations that one of them is matched with. */
  readonly alreadyMatched: ReadonlySet<string>;
  /** Of each one of the same amount that waits: the ids of the cancellations that it can be about. */
  readonly waiting: readonly (readonly string[])[];
}

/** What follows from a webhook for one cancellation: a transition, or a finding that leaves its status. */
export type Told =
  | { readonly cancellation: Cancellation; readonly transition: Transition }
  | { readonly cancellation: Cancellation; readonly finding: Finding };

/** The final state of a webhook, and what it changes. */
export type WebhookConclusion =
  | { readonly state: "MATCHED"; readonly told: readonly [Told] }
  | { readonly state: "ATTACHED"; readonly told: readonly Told[] }
  | { readonly state: "IGNORED"; readonly told: readonly [] };

/** Genuine webhooks, stored before they are interpreted. Replicas share it. */
export interface WebhookInbox {
  /**
   * `repeated`: the same body is stored already. `stale`: new, but by the database's clock signed too long ago or in the future; it is not
   * stored.
   */
  store(webhook: ReceivedWebhook): Promise<"stored" | "repeated" | "stale">;
  /** Claims up to `limit` that are due, and plans the next attempt of each, whatever becomes of this one. */
  claimDue(limit: number): Promise<WebhookClaim[]>;
  read(claim: WebhookReference): Promise<KeptWebhook>;
  /**
   * Cancellations of the event's order, in any of its stores, that existed when it came in, oldest first: all open ones, all of its amount
   * that it may be about, the newest that failed or that EBP rejected, and the newest of all. Selected by existence, not by time: clocks
   * are set. Null while one of them is missing: the database has lost it, and it may be the one that the event is about.
   */
  cancellationsOf(event: KeptEvent): Promise<Cancellation[] | null>;
  /**
   * Commits the webhook's state together with what it changes, or nothing. False: somebody else has concluded it.
   * @throws StaleTransitionError when a cancellation has changed since it was read, or another event of this kind is matched with it since;
   * nothing is committed.
   */
  conclude(claim: WebhookReference, conclusion: WebhookConclusion): Promise<boolean>;
}
