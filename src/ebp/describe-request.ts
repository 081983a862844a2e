import type { CancelRequest, RefundAccount } from "../cancellation/model/cancel-request.js";
import type { DescribedRequest } from "../cancellation/model/payment-gateway.js";
import { maskRefundAccount } from "../cancellation/request/refund-account.js";
import { readableCancelBody } from "./cancel-body.js";
import type { EbpStore } from "./ebp-store.js";
import { CANCEL_METHOD, cancelUrl } from "./endpoint.js";

/** Always the same number of stars, so that the mask does not give away how long the number is. */
const HIDDEN_DIGITS = "******";

export function describeRequest(request: CancelRequest, store: EbpStore): DescribedRequest {
  const { refundAccount } = request;
  return {
    method: CANCEL_METHOD,
    url: cancelUrl(store.baseUrl).href,
    body: readableCancelBody(request, refundAccount === null ? null : masked(refundAccount)),
  };
}

function masked(account: RefundAccount): RefundAccount {
  const mask = maskRefundAccount(account);
  return {
    accountNumber: HIDDEN_DIGITS + mask.accountNumberLast4,
    bankCode: mask.bankCode,
    accountHolderName: mask.accountHolderName,
  };
}
