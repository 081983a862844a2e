import type { LookedUpPayment, PaymentQuestion } from "../cancellation/model/payment-gateway.js";
import { evidenceOf } from "./evidence.js";
import type { Exchange } from "./exchange.js";
import { decidePaymentState, type PaymentStatuses } from "./payment-state-table.js";
import { readExchange } from "./read-exchange.js";
import { createRedactor } from "./redactor.js";
import { shownDetails } from "./shown-details.js";

/** What one exchange showed of the payment it asked for. */
export function readPaymentState(
  happened: Exchange,
  { orderNo, refundAccount }: PaymentQuestion,
  statuses: PaymentStatuses,
): LookedUpPayment {
  const read = readExchange(happened);
  const { reason, shows } = decidePaymentState(shownDetails(read, orderNo), statuses);
  // Payment details name a buyer.
  return { state: shows, evidence: evidenceOf(read, reason, createRedactor(refundAccount), false) };
}
