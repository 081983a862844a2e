import { Field, ID, InputType, ObjectType } from "type-graphql";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import type { UserError } from "../../cancellation/model/user-error.js";
import type { OperatorResult, Resolution } from "../../cancellation/reconcile/operators.js";
import { CancellationType } from "./cancellation.type.js";
import { OperatorOutcome, ResolutionObstacle } from "./enums.js";
import { UserErrorType } from "./user-error.type.js";
import { NullableField } from "./nullable-field.js";

@InputType("ResolveCancellationInput", {
  description: "What an operator has found out about a cancellation that is UNKNOWN.",
})
export class ResolveCancellationInputType implements Resolution {
  @Field(() => ID, { description: "The cancellation's id." })
  id!: string;

  @Field(() => OperatorOutcome, { description: "What became of it." })
  outcome!: Resolution["outcome"];

  @Field(() => String, {
    description:
      "The grounds for the decision: whom you asked, what you saw. 1 to 2000 characters, without the refund account. Everybody who may read the cancellation can read it.",
  })
  note!: string;

  @Field(() => [ResolutionObstacle], {
    defaultValue: [],
    description:
      "Only for FAILED: the obstacles that you know of and decide to override. A decision that does not name all of them is refused, and the answer names those that are missing. Recorded with the decision.",
  })
  evenThough!: Resolution["evenThough"];
}

@ObjectType("ResolveCancellationPayload", { description: "The result of an operator's decision." })
export class ResolveCancellationPayloadType implements OperatorResult {
  @NullableField(
    () => CancellationType,
    "The cancellation now; null if it was not found, or the note cannot be accepted.",
  )
  cancellation!: Cancellation | null;

  @Field(() => [UserErrorType], {
    name: "userErrors",
    description: "Empty if, and only if, the decision was recorded.",
  })
  errors!: readonly UserError[];
}

@ObjectType("RefreshCancellationPayload", { description: "The result of asking EBP about a cancellation." })
export class RefreshCancellationPayloadType implements OperatorResult {
  @NullableField(() => CancellationType, "The cancellation now; null if there is none with this id.")
  cancellation!: Cancellation | null;

  @Field(() => [UserErrorType], {
    name: "userErrors",
    description: "Empty if, and only if, the cancel has SUCCEEDED.",
  })
  errors!: readonly UserError[];
}
