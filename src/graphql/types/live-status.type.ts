import { GraphQLDateTime } from "graphql-scalars";
import { Field, ObjectType } from "type-graphql";
import type { Unavailable, UnavailableReason as Reason } from "../../cancellation/history/live-status.js";
import type { PaymentState } from "../../cancellation/model/payment-gateway.js";
import { PaymentCancelState, UnavailableReason } from "./enums.js";

@ObjectType("LiveStatusUnavailable", { description: "Why EBP's view of a payment cannot be shown." })
export class LiveStatusUnavailableType implements Unavailable {
  @Field(() => UnavailableReason, { description: "The kind of reason." })
  reason!: Reason;

  @Field(() => String, { description: "For people; in this service's words." })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description: "EBP's result code; null unless it REFUSED with a published one.",
  })
  resultCode!: string | null;
}

@ObjectType("LivePaymentStatus", {
  description:
    "What EBP says of an order's payment at this moment. Nothing of it is stored, and nothing follows from it: what is in doubt stays so.",
})
export class LivePaymentStatusType {
  @Field(() => String, {
    nullable: true,
    description:
      "EBP's word for the state of the payment, such as `CAPTURED`; null when `unavailable` says why.",
  })
  paymentStatus!: string | null;

  @Field(() => PaymentCancelState, {
    nullable: true,
    description:
      "What `paymentStatus` says of cancels, as this service reads it; null when `unavailable` says why.",
  })
  cancels!: PaymentState | null;

  @Field(() => GraphQLDateTime, {
    description: "When EBP had answered, or was given up, by this service's clock.",
  })
  checkedAt!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      "EBP's tracking id of its answer, to quote to EBP's support; null when there is none that can be shown.",
  })
  requestId!: string | null;

  @Field(() => LiveStatusUnavailableType, {
    nullable: true,
    description: "Why there is no status; null when there is one.",
  })
  unavailable!: Unavailable | null;
}
