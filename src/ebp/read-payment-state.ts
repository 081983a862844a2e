import type { LookedUpPayment, PaymentQuestion } from "../cancellation/payment-gateway.js";
import { buyerNames } from "./buyer-names.js";
import { evidenceOf } from "./evidence.js";
import type { Exchange } from "./exchange.js";
import { decidePaymentState, type PaymentStatuses } from "./payment-state-table.js";
import { readExchange } from "./read-exchange.js";
import { createRedactor } from "./redactor.js";
import { shownDetails } from "./shown-details.js";

/** Stands for an answer that is not kept. */
export const WITHHELD = "[not kept: a buyer's name may stand in it where it cannot be taken out]";

/** What one exchange showed of the payment it asked for. The evidence holds neither the refund account nor the buyer's name. */
export function readPaymentState(
  happened: Exchange,
  { orderNo, refundAccount }: PaymentQuestion,
  statuses: PaymentStatuses,
): LookedUpPayment {
  const read = readExchange(happened);
  const { reason, shows } = decidePaymentState(shownDetails(read, orderNo), statuses);
  const { names, areAll } = buyerNames(read.rawText, read.envelope?.fields ?? null);
  const redactor = createRedactor(refundAccount, names);
  const evidence = evidenceOf(read, reason, areAll ? redactor : { ...redactor, answer: () => WITHHELD });
  return { state: shows, evidence };
}
