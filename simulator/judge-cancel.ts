import { Decimal } from "../src/cancellation/model/decimal.js";
import { successAnswer } from "./answers.js";
import type { IntendedEffect } from "./effects.js";
import type { AdmittedRequest, JudgeParts } from "./judge.js";
import { forcedBehaviour } from "./order-numbers.js";
import { refusalOf } from "./payment.js";
import { sha256 } from "./sha256.js";
import { checkSchema, readCancel, totalsOf } from "./simulated-cancel.js";
import type { SimulatedStore } from "./simulated-store.js";
import { confirmed, htmlPage, type Refuse, type Verdict } from "./verdict.js";

/** Cancel Payment: first what the request must be, then what the payment allows, then what the order number forces. */
export function judgeCancel(parts: JudgeParts, request: AdmittedRequest): Verdict {
  const { store, body, document, refuse } = request;
  const schemaFaults = checkSchema(document);
  if (schemaFaults.length > 0) return refuse(400, "EBP-C-0007", schemaFaults);

  const cancel = readCancel(document, store.storeId);
  const expected = totalsOf(cancel.items, store.amountBasis ?? "unit").amount;
  if (!cancel.total.equals(expected)) {
    const message = `must be ${expected.toFixed()}, as the items add up`;
    return refuse(400, "EBP-C-0004", [{ field: "totalCancelAmount", message }]);
  }

  const refusal = refusalOf(parts.payments.findFor(cancel), cancel.total);
  if (refusal !== null) return { ...refuse(refusal.httpStatus, refusal.resultCode), cancel };
  const returnRequestId = parts.numbering.returnRequestId();
  const intended = { cancel, bodyHash: sha256(body), returnRequestId };
  return { ...carryOut(parts, store, intended, refuse), cancel };
}

function carryOut(
  { effects, numbering, slowMs }: JudgeParts,
  store: SimulatedStore,
  intended: IntendedEffect,
  refuse: Refuse,
): Verdict {
  const { cancel, returnRequestId } = intended;
  const forced = forcedBehaviour(cancel.orderNo);
  if (forced?.isLate === true) effects.performLater(intended);
  else if (forced?.effect ?? true) effects.perform(intended);

  const confirmation = (discrepancy = 0): string => {
    const basis = store.amountBasis ?? "unit";
    return successAnswer(cancel, basis, returnRequestId, numbering.tracking(), new Decimal(discrepancy));
  };

  const answer = forced?.answer ?? { kind: "usual" };
  switch (answer.kind) {
    case "usual":
      return confirmed(confirmation());
    case "slow":
      return { ...confirmed(confirmation()), afterMs: slowMs };
    case "discrepancy":
      return confirmed(confirmation(1));
    case "error":
      return refuse(answer.error.httpStatus, answer.error.resultCode);
    case "html":
      return htmlPage(answer.httpStatus);
    case "truncated":
      return { outcome: "truncated", reply: { kind: "truncated", body: confirmation() } };
    case "silence":
    case "reset":
      return { outcome: answer.kind, reply: { kind: answer.kind } };
  }
}
