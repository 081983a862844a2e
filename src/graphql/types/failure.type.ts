import { Field, ObjectType } from "type-graphql";
import type { FailureDetail } from "../../cancellation/model/outcome.js";

@ObjectType("FailureDetail", { description: "One header or field that EBP names as wrong." })
export class FailureDetailType implements FailureDetail {
  @Field(() => String, { nullable: true, description: "The header or field; null when EBP names none." })
  field!: string | null;

  @Field(() => String, { description: "What EBP says about it." })
  message!: string;
}

@ObjectType("CancellationFailure", {
  description:
    "Why a cancellation is not SUCCEEDED: what EBP's answer to it said, or what has been found out since.",
})
export class CancellationFailureType {
  @Field(() => String, {
    nullable: true,
    description: "EBP's result code; null when there was no EBP answer.",
  })
  resultCode!: string | null;

  @Field(() => String, { description: "EBP's message, or this service's when EBP gave none." })
  message!: string;

  @Field(() => [FailureDetailType], { description: "EBP's details, one for each header or field it names." })
  details!: readonly FailureDetail[];
}
