import { Field, ObjectType } from "type-graphql";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { DescribedRequest } from "../../cancellation/model/payment-gateway.js";
import type { CancelPreview } from "../../cancellation/cancel/preview-cancel.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { toUserError, UserErrorType } from "./user-error.type.js";

@ObjectType("PreviewedRequest", { description: "What would be sent to EBP, the refund account masked." })
export class PreviewedRequestType implements DescribedRequest {
  @Field(() => String, { description: "HTTP method." })
  method!: string;

  @Field(() => String, { description: "Where it would go." })
  url!: string;

  @Field(() => String, { description: "The JSON body, indented for reading." })
  body!: string;
}

@ObjectType("CancelPaymentPreview", {
  description:
    "What `cancelPayment` would do with an input, as things stand. Nothing is sent and nothing is stored.",
})
export class CancelPaymentPreviewType {
  @Field(() => Boolean, { description: "Whether `cancelPayment` would send a cancel now." })
  wouldSend!: boolean;

  @Field(() => String, { nullable: true, description: "The store it is about; null when it cannot be told." })
  storeId!: string | null;

  @Field(() => String, { nullable: true, description: "The store's currency, ISO 4217." })
  currencyCode!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "How the total follows from the items in this store, in words.",
  })
  amountBasis!: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "The total that the items add up to; null when a field has a fault of its own.",
  })
  computedTotal!: Decimal | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "The products' part of it: everything but DELIVERY.",
  })
  computedProductAmount!: Decimal | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Tax in the products; null when an item states none.",
  })
  computedProductTaxAmount!: Decimal | null;

  @Field(() => DecimalScalar, { nullable: true, description: "The delivery part of the total." })
  computedDeliveryAmount!: Decimal | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Tax in the delivery; null when an item states none.",
  })
  computedDeliveryTaxAmount!: Decimal | null;

  @Field(() => PreviewedRequestType, {
    nullable: true,
    description: "What would be sent; null when nothing would.",
  })
  request!: DescribedRequest | null;

  @Field(() => [UserErrorType], {
    description:
      "What stands in the way, as `cancelPayment` would say it. Empty for a key whose cancel has SUCCEEDED: it would be answered again, not sent.",
  })
  userErrors!: UserErrorType[];
}

export function toPreviewType(preview: CancelPreview): CancelPaymentPreviewType {
  const { store, computed } = preview;
  return {
    wouldSend: preview.wouldSend,
    storeId: store?.id ?? null,
    currencyCode: store?.currencyCode ?? null,
    amountBasis: preview.amountBasis,
    computedTotal: computed?.total ?? null,
    computedProductAmount: computed?.productTotal ?? null,
    computedProductTaxAmount: computed?.productTax ?? null,
    computedDeliveryAmount: computed?.deliveryTotal ?? null,
    computedDeliveryTaxAmount: computed?.deliveryTax ?? null,
    request: preview.request,
    userErrors: preview.errors.map(toUserError),
  };
}
