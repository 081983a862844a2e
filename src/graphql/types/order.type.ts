import { GraphQLDateTime } from "graphql-scalars";
import { Field, Int, ObjectType } from "type-graphql";
import type { OrderLine } from "../../cancellation/history/history.js";
import type { LiveStatus, Unavailable } from "../../cancellation/history/live-status.js";
import type { OrderTotals } from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { DecimalScalar } from "./decimal.scalar.js";
import { ItemType, PaymentCancelState, UnavailableReason } from "./enums.js";
import { NullableField } from "./nullable-field.js";

@ObjectType("OrderLine", {
  description: "What has been cancelled of one line of an order: one `seq`, item type and item id.",
})
export class OrderLineType implements OrderLine {
  @Field(() => Int, { description: "Line number within the order." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: OrderLine["itemType"];

  @Field(() => String, { description: "The item's id in the order." })
  itemId!: string;

  @Field(() => Int, { description: "Units cancelled." })
  cancelledQuantity!: number;

  @Field(() => DecimalScalar, { description: "Amount cancelled: what the line added to the totals." })
  cancelledAmount!: Decimal;

  @Field(() => Int, { description: "Units in cancels that are PENDING or UNKNOWN." })
  inDoubtQuantity!: number;

  @Field(() => DecimalScalar, { description: "Amount in cancels that are PENDING or UNKNOWN." })
  inDoubtAmount!: Decimal;
}

@ObjectType("OrderCancellations", {
  description:
    "An order, as far as its cancels show. An order without cancels looks like one that does not exist.",
})
export class OrderCancellationsType implements OrderTotals {
  @Field(() => String, { description: "The EBP store." })
  storeId!: string;

  @Field(() => String, { description: "The order." })
  orderNo!: string;

  @Field(() => String, { description: "ISO 4217 code of the store's currency." })
  currencyCode!: string;

  @Field(() => DecimalScalar, { description: "Total of its cancels that have SUCCEEDED." })
  cancelledTotal!: Decimal;

  @Field(() => DecimalScalar, { description: "Total of its cancels that are PENDING or UNKNOWN." })
  inDoubtTotal!: Decimal;
}

@ObjectType("LiveStatusUnavailable", { description: "Why the payment's status at EBP cannot be shown." })
export class LiveStatusUnavailableType implements Unavailable {
  @Field(() => UnavailableReason, { description: "The reason, for programs." })
  reason!: Unavailable["reason"];

  @Field(() => String, { description: "The reason, for people." })
  message!: string;

  @NullableField(
    () => String,
    "EBP's result code; null unless EBP REFUSED with a code that it has published.",
  )
  resultCode!: string | null;
}

@ObjectType("LivePaymentStatus", {
  description:
    "The status of an order's payment at EBP right now. It is not stored, and it decides nothing: a cancellation that is UNKNOWN stays so.",
})
export class LivePaymentStatusType implements Pick<LiveStatus, keyof LiveStatus> {
  @NullableField(
    () => String,
    "EBP's own name for the payment's status, such as `CAPTURED`; null if `unavailable` is not.",
  )
  paymentStatus!: string | null;

  @NullableField(
    () => PaymentCancelState,
    "What `paymentStatus` says about cancels; null if `unavailable` is not.",
  )
  cancels!: LiveStatus["cancels"];

  @Field(() => GraphQLDateTime, {
    description: "When EBP answered, or this service gave up, by this service's clock.",
  })
  checkedAt!: Date;

  @NullableField(
    () => String,
    "EBP's tracking id of its answer. Quote it to EBP's support. Null if there is none to show.",
  )
  requestId!: string | null;

  @NullableField(() => LiveStatusUnavailableType, "Why there is no status; null if there is one.")
  unavailable!: Unavailable | null;
}
