import type { CancellationReader } from "../model/cancellation.js";
import type { CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import type { PaymentGateway } from "../model/payment-gateway.js";
import type { Decimal } from "../model/decimal.js";
import type { AmountBasis, Stores } from "../model/store.js";
import { errorsOf, inProgress, keyReused, totalChanged, type UserError } from "../model/user-error.js";
import { isSameRequest } from "../request/request-fields.js";
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
  /** Null, as the other two of the store, if the store cannot be determined. */
  readonly storeId: string | null;
  readonly currencyCode: string | null;
  readonly amountBasis: AmountBasis | null;
  /** The totals are null if a field is invalid; those of tax also if an item does not state its tax. */
  readonly computedTotal: Decimal | null;
  readonly computedProductAmount: Decimal | null;
  readonly computedProductTaxAmount: Decimal | null;
  readonly computedDeliveryAmount: Decimal | null;
  readonly computedDeliveryTaxAmount: Decimal | null;
  /** The body of what would go to EBP, the refund account masked; null when nothing would. */
  readonly requestBody: string | null;
  readonly errors: readonly UserError[];
}

/** Runs every check of `cancelPayment` against the present state. Sends and stores nothing. */
export async function previewCancel(
  dependencies: PreviewDependencies,
  caller: Caller,
  input: CancelPaymentInput,
): Promise<CancelPreview> {
  const checked = checkRequest(input, caller, dependencies.stores);
  const described = describe(checked);
  const wouldNotSend = { ...described, wouldSend: false, requestBody: null };
  const known = await findKnown(dependencies, caller, input);
  if (known !== null) {
    const same = isSameRequest(known.request, known.identity);
    const errors = same ? errorsOf(known.cancellation) : [keyReused(known.cancellation)];
    return { ...wouldNotSend, errors };
  }
  if (!checked.ok) return { ...wouldNotSend, errors: checked.errors };
  const errors = await standingInTheWay(dependencies, checked.request);
  if (errors.length > 0) return { ...wouldNotSend, errors };
  const requestBody = dependencies.gateway.describe(checked.request);
  return { ...described, wouldSend: true, requestBody, errors };
}

function describe({
  store,
  totals,
}: CheckedRequest): Omit<CancelPreview, "wouldSend" | "requestBody" | "errors"> {
  return {
    storeId: store?.id ?? null,
    currencyCode: store?.currencyCode ?? null,
    amountBasis: store?.amountBasis ?? null,
    computedTotal: totals?.total ?? null,
    computedProductAmount: totals?.productTotal ?? null,
    computedProductTaxAmount: totals?.productTax ?? null,
    computedDeliveryAmount: totals?.deliveryTotal ?? null,
    computedDeliveryTaxAmount: totals?.deliveryTax ?? null,
  };
}

async function standingInTheWay(
  { history }: PreviewDependencies,
  request: CancelRequest,
): Promise<UserError[]> {
  const { storeId, orderNo, expectedCancelledTotal } = request;
  const open = await history.findOpen(storeId, orderNo);
  if (open !== null) return [inProgress(open, orderNo)];
  if (expectedCancelledTotal === null) return [];
  const { cancelledTotal } = await history.orderTotals(storeId, orderNo);
  return cancelledTotal.equals(expectedCancelledTotal)
    ? []
    : [totalChanged(expectedCancelledTotal, cancelledTotal)];
}
