import { Field, ObjectType } from "type-graphql";
import type { CancelPaymentResult } from "../../cancellation/cancel/cancel-payment.js";
import { CancellationType, toCancellationType } from "./cancellation.type.js";
import { toUserError, UserErrorType } from "./user-error.type.js";

@ObjectType("CancelPaymentPayload", { description: "What became of a request to cancel." })
export class CancelPaymentPayloadType {
  @Field(() => CancellationType, {
    nullable: true,
    description:
      "The cancellation that stands for this request; null when the request was refused and none does.",
  })
  cancellation!: CancellationType | null;

  @Field(() => Boolean, { description: "True when this key had been used before with the same request." })
  replayed!: boolean;

  @Field(() => [UserErrorType], { description: "Empty if, and only if, the cancel has SUCCEEDED." })
  userErrors!: UserErrorType[];
}

export function toPayload({ cancellation, replayed, errors }: CancelPaymentResult): CancelPaymentPayloadType {
  return {
    cancellation: cancellation === null ? null : toCancellationType(cancellation),
    replayed,
    userErrors: errors.map(toUserError),
  };
}
