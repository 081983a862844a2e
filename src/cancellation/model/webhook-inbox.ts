import type { Finding, Transition } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import type { Decimal } from "./decimal.js";

/**
 * What a webhook tells, as far as cancels go.
 * - VOIDED: a payment was cancelled in full before capture went through.
 * - REFUND_REQUESTED: the refund of a captured payment was accepted, for `amount`.
 * - CAPTURED: the payment was captured, for `amount`: how much there is to cancel.
 * - OTHER: anything else, also types that are not known. Kept, and nothing follows from it.
 */
export const WEBHOOK_KINDS = ["VOIDED", "REFUND_REQUESTED", "CAPTURED", "OTHER"] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

/** Whether EBP's webhooks state amounts in minor units of `exponent`. EBP does not publish it: it is a setting. */
export const WEBHOOK_AMOUNTS = ["minor", "major"] as const;
export type WebhookAmounts = (typeof WEBHOOK_AMOUNTS)[number];

/** One genuine webhook as read. EBP gives its events no id; null is "not stated, or not readable". */
export interface WebhookEvent {
  readonly kind: WebhookKind;
  /** EBP's name of the event, such as PAYMENT_VOIDED. */
  readonly eventType: string | null;
  readonly eventTime: Date | null;
  /** The stores whose secret signed it: the event is about one of them. */
  readonly storeIds: readonly string[];
  readonly orderNo: string | null;
  /** In major units of the currency. */
  readonly amount: Decimal | null;
  readonly currencyCode: string | null;
  readonly paymentStatus: string | null;
  readonly resultCode: string | null;
  /** It does not say that what it tells of went wrong. */
  readonly isOfSuccess: boolean;
  /** SHA-256, hex, of the body's bytes. The same body again is the same event, whenever it is signed. */
  readonly digest: string;
}

/** One that is kept. */
export interface KeptEvent extends WebhookEvent {
  /** When it came in, by the database's clock. */
  readonly receivedAt: Date;
}

/** A webhook whose signature was right, with what it was read from. */
export interface ReceivedWebhook {
  readonly event: WebhookEvent;
  /** Unix seconds that the signature covers. */
  readonly signedAt: number;
  /** The body as received. It may hold personal data: it is stored encrypted. */
  readonly body: Buffer;
}

export interface WebhookReference {
  readonly digest: string;
}

/** Somebody looks at it, and the next look is planned already. When two come together, one of them concludes. */
export interface WebhookClaim extends WebhookReference {
  /** No further look is planned. */
  readonly isLast: boolean;
}

export interface KeptWebhook {
  readonly event: KeptEvent;
  /** Another body has told of the same event of the same order, at the same time and for the same amount, and has been dealt with. */
  readonly isRepeat: boolean;
}

/** What a webhook tells a cancellation: a step, or something that leaves its status as it is. */
export type Told =
  | { readonly cancellation: Cancellation; readonly transition: Transition }
  | { readonly cancellation: Cancellation; readonly finding: Finding };

/** What has become of a webhook, and what goes with it. */
export type WebhookConclusion =
  | { readonly state: "MATCHED"; readonly told: readonly [Told] }
  | { readonly state: "ATTACHED"; readonly told: readonly Told[] }
  | { readonly state: "IGNORED"; readonly told: readonly [] };

/** Genuine webhooks, kept before anything is made of them. Replicas share it. */
export interface WebhookInbox {
  /**
   * Keeps it. `repeated`: the same body is kept already. `stale`: new, but signed too long ago, or in the future, by the
   * database's clock; nothing is kept of it.
   */
  store(webhook: ReceivedWebhook): Promise<"stored" | "repeated" | "stale">;
  /** Takes up to `limit` whose time has come, and plans their next look, whatever becomes of this one. */
  claimDue(limit: number): Promise<WebhookClaim[]>;
  read(claim: WebhookReference): Promise<KeptWebhook>;
  /**
   * Of the cancellations of its order that were there when it came in, in any of its stores, oldest first: all that are open, all of its
   * amount that it may be about, the newest that were found to have failed or that EBP rejected, and the newest of all. By what was
   * there, and not by times: clocks are set. Null while one of them is missing: the database has forgotten it, and it may be the one
   * that the event is about.
   */
  cancellationsOf(event: KeptEvent): Promise<Cancellation[] | null>;
  /**
   * Commits what has become of it together with what it tells: all or nothing. False: somebody else has dealt with it.
   * @throws StaleTransitionError when a cancellation is no longer as it is given; nothing is committed.
   */
  conclude(claim: WebhookReference, conclusion: WebhookConclusion): Promise<boolean>;
}
