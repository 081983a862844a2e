import type { LookedUpPayment, PaymentQuestion } from "../cancellation/payment-gateway.js";
import { buyerNames } from "./buyer-names.js";
import { evidenceOf } from "./evidence.js";
import type { Exchange } from "./exchange.js";
import { asString, type JsonObject } from "./json-values.js";
import { decidePaymentState, type PaymentStatuses, type ShownDetails } from "./payment-state-table.js";
import { isSameOrder, readExchange } from "./read-exchange.js";
import { createRedactor } from "./redactor.js";

/** Stands for an answer that is not kept. */
export const WITHHELD = "[not kept: a buyer's name may stand in it where it cannot be taken out]";

/** What one exchange showed of the payment it asked for. The evidence holds neither the refund account nor the buyer's name. */
export function readPaymentState(
  happened: Exchange,
  { orderNo, refundAccount }: PaymentQuestion,
  statuses: PaymentStatuses,
): LookedUpPayment {
  const read = readExchange(happened);
  const data = read.envelope?.data ?? null;
  const details: ShownDetails = {
    left: happened.sentAt !== null,
    end: happened.end,
    httpStatus: happened.httpStatus,
    text: read.text,
    isSameOrder: isSameOrder(read.envelope, orderNo),
    paymentStatus: asString(data?.["paymentStatus"]),
    cancelTransaction: cancelTransactionOf(data),
  };
  const { reason, shows } = decidePaymentState(details, statuses);
  const { names, areAll } = buyerNames(read.rawText, read.envelope?.fields ?? null);
  const redactor = createRedactor(refundAccount, names);
  const evidence = evidenceOf(read, reason, areAll ? redactor : { ...redactor, answer: () => WITHHELD });
  return { state: shows, evidence };
}

/** Blanks are no id, and not the documented absence of one either. */
function cancelTransactionOf(data: JsonObject | null): ShownDetails["cancelTransaction"] {
  const id = data?.["pgCancelTransactionId"] ?? "";
  if (typeof id !== "string" || (id !== "" && id.trim() === "")) return "illegible";
  return id === "" ? "none" : "some";
}
