import type { CancelRequest, RefundAccount } from "./cancel-request.js";
import type { CancelOutcome, Evidence } from "./outcome.js";

/** The languages of messages, EBP's and ours. */
export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The upstream that moves the money. */
export interface PaymentGateway {
  /**
   * Sends one cancel, once, and says what the answer proves. It never repeats the request, and does not throw for anything the network or
   * the upstream does: that is an outcome. Once the window has closed, nothing is sent.
   */
  cancel(request: CancelRequest, language: Language, window: SendWindow): Promise<SentCancel>;
  /** Reads the state of a payment. Moves nothing; does not throw for anything the network or the upstream does. */
  lookup(question: PaymentQuestion): Promise<LookedUpPayment>;
  /** Whether EBP's payment details have a known word for this state. */
  canShow(state: PaymentState): boolean;
  /** The body that `cancel` would send, for a person to read: indented, the refund account masked. Sends nothing. */
  describe(request: CancelRequest): string;
}

export interface SentCancel {
  readonly outcome: CancelOutcome;
  /** Milliseconds since the first byte was handed to the network; null when none was. */
  readonly sentAgoMs: number | null;
}

export interface PaymentQuestion {
  readonly storeId: string;
  readonly orderNo: string;
  /** The refund account of the cancel, redacted from what is kept of the answer. */
  readonly refundAccount: RefundAccount | null;
}

/**
 * What EBP's payment details show of cancels.
 * - UNCANCELLED: no cancel of any amount.
 * - CANCELLED_IN_PART: some cancel, of an amount that is not stated.
 * - WHOLLY_CANCELLED: the whole payment is cancelled.
 * - UNCLEAR: no readable answer about this payment, or none about cancels.
 */
export const PAYMENT_STATES = ["UNCANCELLED", "CANCELLED_IN_PART", "WHOLLY_CANCELLED", "UNCLEAR"] as const;
export type PaymentState = (typeof PAYMENT_STATES)[number];

/**
 * EBP's words for the state of a payment, by what they say about cancels. EBP publishes some of them, but not the one for
 * a wholly cancelled payment: that one is a setting, never guessed.
 */
export interface PaymentStatuses {
  /** A payment in one of these states has not been cancelled by any amount. */
  readonly uncancelled: readonly string[];
  /** A payment in one of these states has been cancelled completely. */
  readonly whollyCancelled: readonly string[];
}

export interface LookedUpPayment {
  readonly state: PaymentState;
  readonly evidence: Evidence;
}

/**
 * The time in which a cancel may begin to be sent. It opens before the intent is committed, so it closes before the intent's lease expires.
 * A process that was suspended in between finds it closed, and does not send what recovery may have taken for never sent.
 */
export interface SendWindow {
  /** To be checked in the same synchronous step that hands the first byte to the network. */
  isOpen(): boolean;
}
