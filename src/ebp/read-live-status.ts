import type { ShownPayment } from "../cancellation/history/live-status.js";
import type { Exchange } from "./exchange.js";
import { UNAVAILABLE_TABLE } from "./live-status-table.js";
import { decidePaymentState, type PaymentStatuses } from "./payment-state-table.js";
import { readExchange } from "./read-exchange.js";
import { shownDetails } from "./shown-details.js";
import { shownRequestId, shownResultCode, shownStatus } from "./shown-words.js";

/** What one exchange shows of the payment it asked for, for somebody to look at. */
export function readLiveStatus(happened: Exchange, orderNo: string, statuses: PaymentStatuses): ShownPayment {
  const read = readExchange(happened);
  const details = shownDetails(read, orderNo);
  const requestId = shownRequestId(read);
  const paymentStatus = shownStatus(details.paymentStatus, statuses);
  const hidden = UNAVAILABLE_TABLE.find(({ when }) => when(details));
  if (hidden === undefined && paymentStatus !== null)
    return {
      paymentStatus,
      cancels: decidePaymentState(details, statuses).shows,
      requestId,
      unavailable: null,
    };
  const { reason, message } = hidden ?? NO_STATUS;
  const resultCode = reason === "REFUSED" ? shownResultCode(read) : null;
  return { paymentStatus: null, cancels: null, requestId, unavailable: { reason, message, resultCode } };
}

const NO_STATUS = {
  reason: "NOT_READABLE",
  message: "EBP's answer states no status of the payment, or not as a word.",
} as const;
