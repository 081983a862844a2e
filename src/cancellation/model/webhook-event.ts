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
