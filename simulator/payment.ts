import type { Decimal } from "../src/cancellation/model/decimal.js";
import type { ForcedError } from "./order-numbers.js";

/** What a payment's status is once all of it is cancelled, before capture or after. */
export const WHOLLY_CANCELLED_STATUS = "CANCELED";

/** One payment as the simulator knows it. */
export interface Payment {
  readonly storeId: string;
  readonly orderNo: string;
  /** Null when only cancels of it have been seen: then any cancel fits. */
  readonly total: Decimal | null;
  readonly captured: boolean;
  readonly cancelled: Decimal;
  readonly storeRequestNo: string;
  readonly pgTransactionId: string;
  /** Of the latest cancel that took effect; null while there is none. */
  readonly pgCancelTransactionId: string | null;
}

export type PaymentStatus = "APPROVED" | "CAPTURED" | "REFUND_REQUESTED" | typeof WHOLLY_CANCELLED_STATUS;

export function paymentStatus(payment: Payment): PaymentStatus {
  if (isWhollyCancelled(payment)) return WHOLLY_CANCELLED_STATUS;
  if (payment.pgCancelTransactionId !== null) return "REFUND_REQUESTED";
  return payment.captured ? "CAPTURED" : "APPROVED";
}

/** Why a payment does not allow a cancel of this total; null when it does. */
export function refusalOf(payment: Payment, cancelTotal: Decimal): ForcedError | null {
  if (payment.total === null) return null;
  if (isWhollyCancelled(payment)) return CANCELLATION_FAILED;
  if (!payment.captured) return cancelTotal.equals(payment.total) ? null : PARTIAL_BEFORE_CAPTURE;
  return cancelTotal.greaterThan(payment.total.minus(payment.cancelled)) ? CANCELLATION_FAILED : null;
}

const CANCELLATION_FAILED: ForcedError = { httpStatus: 500, resultCode: "EBP-C-0010" };
const PARTIAL_BEFORE_CAPTURE: ForcedError = { httpStatus: 400, resultCode: "EBP-C-0005" };

/** The id says that there was a cancel at all: a payment of 0 is not cancelled from the start. */
function isWhollyCancelled({ total, cancelled, pgCancelTransactionId }: Payment): boolean {
  return total !== null && pgCancelTransactionId !== null && cancelled.greaterThanOrEqualTo(total);
}
