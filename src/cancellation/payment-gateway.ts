import type { CancelRequest } from "./cancel-request.js";
import type { CancelOutcome } from "./outcome.js";

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
   * anything the network or the upstream does: that is an outcome.
   */
  cancel(request: CancelRequest, language: Language): Promise<SentCancel>;
  /** Sends nothing. */
  describe(request: CancelRequest): DescribedRequest;
}

export interface SentCancel {
  readonly outcome: CancelOutcome;
  /** Milliseconds since the first byte was handed to the network; null when none was. */
  readonly sentAgoMs: number | null;
}
