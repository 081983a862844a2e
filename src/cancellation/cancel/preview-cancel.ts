import type { CancellationReader } from "../model/cancellation.js";
import type { CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import type { DescribedRequest, PaymentGateway } from "../model/payment-gateway.js";
import type { Store, Stores } from "../model/store.js";
import { errorsOf, inProgress, keyReused, totalChanged, type UserError } from "../model/user-error.js";
import { basisInWords, type ComputedTotals, computeTotals } from "../request/amount-rule.js";
import { isSameRequest } from "../request/same-request.js";
import { findKnown } from "./cancel-payment.js";
import type { Caller } from "../model/caller.js";
import { checkRequest, type CheckedRequest } from "../request/check-request.js";

export interface PreviewDependencies {
  readonly stores: Stores;
  readonly history: CancellationReader;
  readonly gateway: PaymentGateway;
}

export interface CancelPreview {
  /** True when `cancelPayment` with this input would send a cancel now. */
  readonly wouldSend: boolean;
  /** Null when the store is not known. */
  readonly store: Store | null;
  /** Null when a field has a fault of its own. */
  readonly computed: ComputedTotals | null;
  readonly amountBasis: string | null;
  /** What would go to EBP, the refund account masked; null when nothing would. */
  readonly request: DescribedRequest | null;
  readonly errors: readonly UserError[];
}

/** Runs every check of `cancelPayment` against the present state. Sends and stores nothing. */
export async function previewCancel(
  dependencies: PreviewDependencies,
  caller: Caller,
  input: CancelPaymentInput,
): Promise<CancelPreview> {
  const checked = checkRequest(input, caller, dependencies.stores);
  const { store } = checked;
  const described = {
    store,
    computed: store !== null && addsUp(checked) ? computeTotals(input.items, store.amountBasis) : null,
    amountBasis: store === null ? null : basisInWords(store.amountBasis),
  };
  const known = await findKnown(dependencies, caller, input);
  if (known !== null) {
    const same = isSameRequest(known.request, known.identity);
    const errors = same ? errorsOf(known.cancellation) : [keyReused(known.cancellation)];
    return { ...described, wouldSend: false, request: null, errors };
  }
  if (!checked.ok) return { ...described, wouldSend: false, request: null, errors: checked.errors };
  const errors = await standingInTheWay(dependencies, checked.request);
  const wouldSend = errors.length === 0;
  return {
    ...described,
    wouldSend,
    request: wouldSend ? dependencies.gateway.describe(checked.request) : null,
    errors,
  };
}

async function standingInTheWay(
  { history }: PreviewDependencies,
  request: CancelRequest,
): Promise<UserError[]> {
  const open = await history.findOpen(request.storeId, request.orderNo);
  if (open !== null) return [inProgress(open, request.orderNo)];
  if (request.expectedCancelledTotal === null) return [];
  const { cancelledTotal } = await history.orderTotals(request.storeId, request.orderNo);
  return cancelledTotal.equals(request.expectedCancelledTotal) ? [] : [totalChanged(request, cancelledTotal)];
}

/** Totals are computed only of valid amounts: others may be too large to add, or an account number that the total would repeat. */
function addsUp(checked: CheckedRequest): boolean {
  return checked.ok || checked.errors.some(({ kind }) => kind === "AmountMismatch");
}
