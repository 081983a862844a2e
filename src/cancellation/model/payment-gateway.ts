import type { CancelRequest, RefundAccount } from "./cancel-request.js";
import type { CancelOutcome, Evidence } from "./outcome.js";

/** Languages EBP can word its messages in. */
export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What `cancel` would send, for a person to read. The refund account is masked. */
export interface DescribedRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** The upstream that moves the money. */
export interface PaymentGateway {
  /**
   * Sends one cancel, once, and says what the answer proves. Never repeats the request by itself and does not throw for
   * anything the network or the upstream does: that is an outcome. Once the window has closed nothing is sent any more.
   */
  cancel(request: CancelRequest, language: Language, window: SendWindow): Promise<SentCancel>;
  /** Asks what became of a payment. Moves nothing; does not throw for anything the network or the upstream does. */
  lookup(question: PaymentQuestion): Promise<LookedUpPayment>;
  /** Whether payment details can ever show this, by what is known of EBP's words. */
  canShow(state: PaymentState): boolean;
  /** Sends nothing. */
  describe(request: CancelRequest): DescribedRequest;
}

export interface SentCancel {
  readonly outcome: CancelOutcome;
  /** Milliseconds since the first byte was handed to the network; null when none was. */
  readonly sentAgoMs: number | null;
}

export interface PaymentQuestion {
  readonly storeId: string;
  readonly orderNo: string;
  /** The account of the cancel in doubt, to be taken out of what is kept of the answer. */
  readonly refundAccount: RefundAccount | null;
}

/**
 * What the payment's details show of cancels.
 * - UNCANCELLED: no cancel of any amount.
 * - CANCELLED_IN_PART: some cancel; of how much is not said.
 * - WHOLLY_CANCELLED: all of it.
 * - UNCLEAR: no readable answer about this payment, or one that says nothing about cancels.
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
 * The time in which a cancel may begin to be sent. It opens before the intent is committed, so it closes before the lease that the
 * database gives with the intent runs out: a process that was stopped or suspended in between finds it closed, and does
 * not send what others have meanwhile taken for never sent.
 */
export interface SendWindow {
  /** Asked in the same synchronous step that hands the first byte to the network. */
  isOpen(): boolean;
}
