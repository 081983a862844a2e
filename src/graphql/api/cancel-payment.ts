import { Arg, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Query, Resolver } from "type-graphql";
import {
  cancelPayment,
  type CancelPaymentDependencies,
  type CancelPaymentResult,
} from "../../cancellation/cancel/cancel-payment.js";
import {
  previewCancel,
  type CancelPreview,
  type PreviewDependencies,
} from "../../cancellation/cancel/preview-cancel.js";
import type { CancelPaymentInput } from "../../cancellation/model/cancel-request.js";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { SendingHeldError } from "../../cancellation/model/errors.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { UserError } from "../../cancellation/model/user-error.js";
import type { GraphQLContext } from "../context.js";
import { refusal } from "../plugins/errors.js";
import { CancellationType } from "./cancellation.js";
import { AmountBasis, DecimalScalar, ItemType, NullableField } from "./leaf-types.js";
import { OrderType, orderOf } from "./order.js";
import { CancelPaymentErrorType, showErrors, type ShownError } from "./user-errors.js";

type ItemInput = CancelPaymentInput["items"][number];

@InputType("CancelItemInput", { description: "One line of the order to cancel." })
export class CancelItemInputType implements Required<ItemInput> {
  @Field(() => Int, { description: "Line number within the order, zero or more; different for each item." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: ItemInput["itemType"];

  @Field(() => String, { description: "The item's id in the order, 1 to 100 characters." })
  itemId!: string;

  @Field(() => Int, { description: "Units to cancel, 1 to 1 000 000." })
  quantity!: number;

  @Field(() => DecimalScalar, {
    description:
      "The amount to cancel, zero or more, with at most as many decimal places as the currency has. Per unit or for the whole line, depending on the store's amount basis.",
  })
  amount!: Decimal;

  @NullableField(() => DecimalScalar, "The tax included in `amount`, on the same basis.")
  taxAmount!: Decimal | null;
}

@InputType("RefundAccountInput", {
  description:
    "The bank account for a refund that cannot go back to the payment method. Stored encrypted, only ever shown masked.",
})
export class RefundAccountInputType implements Required<NonNullable<CancelPaymentInput["refundAccount"]>> {
  @Field(() => String, {
    description: "4 to 34 letters or digits. Spaces and hyphens are removed; leading zeros are kept.",
  })
  accountNumber!: string;

  @NullableField(() => String, 'The bank\'s code, such as "001".')
  bankCode!: string | null;

  @NullableField(() => String, "The name of the account's holder, 1 to 100 characters.")
  accountHolderName!: string | null;
}

@InputType("CancelPaymentInput", {
  description:
    "A request to cancel a payment: the whole order, some of its items, or part of an item's amount.",
})
export class CancelPaymentInputType implements Required<CancelPaymentInput> {
  @Field(() => String, {
    description:
      "1 to 255 characters, chosen by you: one key for each cancel that you intend. Within a store, a key belongs to one request forever; repeating that request returns its cancellation.",
  })
  idempotencyKey!: string;

  @NullableField(() => ID, "The EBP store. Optional if you can act for exactly one.")
  storeId!: string | null;

  @Field(() => String, { description: "The order, 1 to 100 characters." })
  orderNo!: string;

  @Field(() => DecimalScalar, {
    description:
      "The total to cancel, more than zero. It must be the sum of the items under the store's amount basis.",
  })
  totalCancelAmount!: Decimal;

  @Field(() => [CancelItemInputType], { description: "What to cancel, 1 to 500 lines." })
  items!: CancelItemInputType[];

  @NullableField(() => RefundAccountInputType, "The bank account for the refund, if it needs one.")
  refundAccount!: RefundAccountInputType | null;

  @NullableField(() => String, "The reason, up to 500 characters. Stored here, not sent to EBP.")
  reason!: string | null;

  @NullableField(() => String, "A note, up to 2 000 characters. Stored here, not sent to EBP.")
  note!: string | null;

  @NullableField(
    () => DecimalScalar,
    "The total that you believe is already cancelled on this order. If the actual total differs, nothing is sent and you get CancelledTotalChangedError with the current total.",
  )
  expectedCancelledTotal!: Decimal | null;
}

@ObjectType("CancelPaymentPayload", { description: "The result of a request to cancel." })
export class CancelPaymentPayloadType implements Omit<CancelPaymentResult, "errors"> {
  @NullableField(
    () => CancellationType,
    "The cancellation for this request; null if the request was refused and there is none.",
  )
  cancellation!: Cancellation | null;

  @NullableField(
    () => OrderType,
    "The order, as it is after this call; null if the store or the order number is invalid. Needs the scope `cancellations:read`.",
  )
  order!: OrderType | null;

  @Field(() => Boolean, {
    description: "True if an earlier request with the same key and content created the cancellation.",
  })
  replayed!: boolean;

  @Field(() => [CancelPaymentErrorType], {
    description: "Empty if, and only if, the cancel has SUCCEEDED.",
  })
  userErrors!: ShownError[];
}

@ObjectType("CancelPaymentPreview", {
  description:
    "What `cancelPayment` would do with an input right now. Nothing is sent and nothing is stored.",
})
export class CancelPaymentPreviewType implements Omit<CancelPreview, "errors"> {
  @Field(() => Boolean, { description: "Whether `cancelPayment` would send a cancel now." })
  wouldSend!: boolean;

  @NullableField(() => ID, "The store; null if it cannot be determined.")
  storeId!: string | null;

  @NullableField(() => String, "ISO 4217 code of the store's currency.")
  currencyCode!: string | null;

  @NullableField(() => AmountBasis, "How this store computes the total from the items.")
  amountBasis!: CancelPreview["amountBasis"];

  @NullableField(
    () => DecimalScalar,
    "The sum of the items; null if one of their amounts, or the total, is invalid.",
  )
  computedTotal!: Decimal | null;

  @NullableField(() => DecimalScalar, "The part of the total for products: every item type but DELIVERY.")
  computedProductAmount!: Decimal | null;

  @NullableField(
    () => DecimalScalar,
    "The tax included for products; null if one of these items does not state its tax.",
  )
  computedProductTaxAmount!: Decimal | null;

  @NullableField(() => DecimalScalar, "The part of the total for delivery.")
  computedDeliveryAmount!: Decimal | null;

  @NullableField(
    () => DecimalScalar,
    "The tax included for delivery; null if one of these items does not state its tax.",
  )
  computedDeliveryTaxAmount!: Decimal | null;

  @NullableField(
    () => String,
    "The JSON body that would be sent to EBP, indented for reading, with the refund account masked; null if nothing would be sent.",
  )
  requestBody!: string | null;

  @Field(() => [CancelPaymentErrorType], {
    description:
      "The errors that `cancelPayment` would return now. Empty also for a key whose cancel has SUCCEEDED: `cancelPayment` would return that cancellation and send nothing.",
  })
  userErrors!: ShownError[];
}

@Resolver()
export class CancelPaymentResolver {
  constructor(
    private readonly forCancel: CancelPaymentDependencies,
    private readonly forPreview: PreviewDependencies,
    private readonly stores: Stores,
  ) {}

  @Mutation(() => CancelPaymentPayloadType, {
    description:
      "Cancels a payment. Money moves at most once per idempotency key: the request is recorded before it is sent, and it is sent once. Calling it again with the same key returns the same cancellation in its current state.",
  })
  async cancelPayment(
    @Arg("input", () => CancelPaymentInputType, { description: "What to cancel." })
    input: CancelPaymentInputType,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelPaymentPayloadType> {
    const { caller, language, messages } = context;
    const { errors, ...result } = await cancelPayment(this.forCancel, caller, input, language).catch(
      sayWhenToComeAgain,
    );
    countReusedKeys(context, errors);
    const order = orderOf(result.cancellation ?? input, caller, this.stores);
    return { ...result, order, userErrors: showErrors(errors, messages) };
  }

  @Query(() => CancelPaymentPreviewType, {
    description:
      "Checks an input as `cancelPayment` does, and returns the computed totals and the request that would be sent. Sends and stores nothing.",
  })
  async cancelPaymentPreview(
    @Arg("input", () => CancelPaymentInputType, { description: "What would be cancelled." })
    input: CancelPaymentInputType,
    @Ctx() context: GraphQLContext,
  ): Promise<CancelPaymentPreviewType> {
    const { errors, ...preview } = await previewCancel(this.forPreview, context.caller, input);
    countReusedKeys(context, errors);
    return { ...preview, userErrors: showErrors(errors, context.messages) };
  }
}

function sayWhenToComeAgain(error: unknown): never {
  if (!(error instanceof SendingHeldError)) throw error;
  const { retryAfterSeconds } = error;
  throw refusal(
    "SERVICE_UNAVAILABLE",
    503,
    ({ refusals }) => refusals.sendingHeld(retryAfterSeconds),
    retryAfterSeconds,
  );
}

function countReusedKeys(context: GraphQLContext, errors: readonly UserError[]): void {
  context.reusedKeys += errors.filter(({ code }) => code === "IDEMPOTENCY_KEY_REUSED").length;
}
