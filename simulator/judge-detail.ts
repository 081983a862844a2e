import { detailAnswer, ORDER_NOT_FOUND } from "./answers.js";
import type { AdmittedRequest, JudgeParts } from "./judge.js";
import { forcedBehaviour } from "./order-numbers.js";
import { orderNoOf } from "./simulated-cancel.js";
import { confirmed, htmlPage, type Verdict } from "./verdict.js";

/** Get Payment Details as things stand at this moment; it moves nothing. */
export function judgeDetail(parts: JudgeParts, { store, document, refuse }: AdmittedRequest): Verdict {
  const orderNo = orderNoOf(document);
  if (orderNo === null || orderNo === "")
    return refuse(400, "EBP-C-0007", [{ field: "orderNo", message: "must be a string" }]);
  return { ...answer(parts, store.storeId, orderNo, refuse), lookedUp: orderNo };
}

function answer(
  { payments, numbering }: JudgeParts,
  storeId: string,
  orderNo: string,
  refuse: AdmittedRequest["refuse"],
): Verdict {
  const forced = forcedBehaviour(orderNo)?.lookup;
  if (forced?.kind === "html") return htmlPage(forced.httpStatus);
  if (forced?.kind === "error") return refuse(forced.error.httpStatus, forced.error.resultCode);

  const payment = payments.find(storeId, orderNo);
  // Not "no cancel": the simulator forgets at a restart, and the money that had moved would be moved again.
  if (payment === null)
    return refuse(400, "EBP-C-0005", [{ field: "orderNo", message: "is not known" }], ORDER_NOT_FOUND);
  return confirmed(detailAnswer(payment, numbering.tracking()));
}
