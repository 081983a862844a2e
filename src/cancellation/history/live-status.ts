import type { PaymentState } from "../model/payment-gateway.js";

/** A person is waiting. EBP answers in well under a second, or is in trouble. */
export const LIVE_STATUS_LIMIT_MS = 3_000;
/** A quarter of the connections to EBP: the others are left to cancels and lookups. */
export const MAX_LIVE_QUESTIONS = 16;

/**
 * Why EBP's view of a payment cannot be shown.
 * - TIMED_OUT: no complete answer in time.
 * - NOT_REACHED: no connection was made.
 * - REFUSED: EBP answered with an error code.
 * - NOT_READABLE: the answer is not about this payment.
 * - TOO_MANY: EBP was not asked, because too many queries are running.
 */
export const UNAVAILABLE_REASONS = [
  "TIMED_OUT",
  "NOT_REACHED",
  "REFUSED",
  "NOT_READABLE",
  "TOO_MANY",
] as const;
export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number];

export interface Unavailable {
  readonly reason: UnavailableReason;
  /** EBP's result code, if it has the published form. */
  readonly resultCode: string | null;
}

/** EBP's view of a payment, as far as it may be shown: words and ids of known forms only. */
export type ShownPayment =
  | {
      /** EBP's word, as it wrote it. */
      readonly paymentStatus: string;
      readonly cancels: PaymentState;
      readonly requestId: string | null;
      readonly unavailable: null;
    }
  | {
      readonly paymentStatus: null;
      readonly cancels: null;
      readonly requestId: string | null;
      readonly unavailable: Unavailable;
    };

/** Reads a payment for a person to look at. Unlike a lookup, the answer is not kept and decides nothing. */
export interface PaymentDisplay {
  /**
   * Moves nothing; does not throw for anything the network or the upstream does.
   * @param withinMs bounds all of it, including the wait for a connection.
   */
  showPayment(storeId: string, orderNo: string, withinMs: number): Promise<ShownPayment>;
}

/** `checkedAt`: when the answer came or was given up, by this service's clock. */
export type LiveStatus = ShownPayment & { readonly checkedAt: Date };

export type AskLiveStatus = (storeId: string, orderNo: string) => Promise<LiveStatus>;

/** Beyond `MAX_LIVE_QUESTIONS` queries running in this process, of all callers together, a further one is refused at once. */
export function createLiveStatus(parts: {
  readonly gateway: PaymentDisplay;
  readonly now: () => Date;
}): AskLiveStatus {
  const { gateway, now } = parts;
  let underWay = 0;
  return async (storeId, orderNo) => {
    if (underWay >= MAX_LIVE_QUESTIONS) return { ...NOT_ASKED, checkedAt: now() };
    underWay += 1;
    try {
      const shown = await gateway.showPayment(storeId, orderNo, LIVE_STATUS_LIMIT_MS);
      return { ...shown, checkedAt: now() };
    } finally {
      underWay -= 1;
    }
  };
}

const NOT_ASKED: ShownPayment = {
  paymentStatus: null,
  cancels: null,
  requestId: null,
  unavailable: { reason: "TOO_MANY", resultCode: null },
};
