import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from "type-graphql";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import type { CheckDependencies } from "../../cancellation/reconcile/reconcile.js";
import {
  refreshCancellation,
  resolveCancellation,
  type OperatorResult,
  type Resolution,
  type ResolveDependencies,
} from "../../cancellation/reconcile/operators.js";
import type { Messages } from "../../messages/messages.js";
import type { GraphQLContext } from "../context.js";
import { CancellationType, checkedId } from "./cancellation.js";
import { NullableField, OperatorOutcome, ResolutionObstacle } from "./leaf-types.js";
import { OperatorErrorType, showErrors, type ShownError } from "./user-errors.js";

@InputType("ResolveCancellationInput", {
  description: "What an operator has found out about a cancellation that is UNKNOWN.",
})
export class ResolveCancellationInputType implements Resolution {
  @Field(() => ID, { description: "The cancellation's id." })
  id!: string;

  @Field(() => OperatorOutcome, { description: "Whether EBP carried out the cancel." })
  outcome!: Resolution["outcome"];

  @Field(() => String, {
    description:
      "The grounds for the decision: whom you asked, what you saw. 1 to 2000 characters, without the refund account. Everybody who may read the cancellation can read it.",
  })
  note!: string;

  @Field(() => [ResolutionObstacle], {
    defaultValue: [],
    description:
      "Only for FAILED: the obstacles that you know of and override. Unless you name all of them, the decision is refused, and the error lists those that are missing. Recorded with the decision.",
  })
  evenThough!: Resolution["evenThough"];
}

@ObjectType("ResolveCancellationPayload", { description: "The result of an operator's decision." })
export class ResolveCancellationPayloadType {
  @NullableField(
    () => CancellationType,
    "The cancellation now; null if it was not found, or the note cannot be accepted.",
  )
  cancellation!: Cancellation | null;

  @Field(() => [OperatorErrorType], {
    description: "Empty if, and only if, the decision was recorded.",
  })
  userErrors!: ShownError[];
}

@ObjectType("RefreshCancellationPayload", { description: "The result of asking EBP about a cancellation." })
export class RefreshCancellationPayloadType {
  @NullableField(() => CancellationType, "The cancellation now; null if there is none with this id.")
  cancellation!: Cancellation | null;

  @Field(() => [OperatorErrorType], {
    description: "Empty if, and only if, the cancel has SUCCEEDED.",
  })
  userErrors!: ShownError[];
}

@Resolver()
export class OperatorResolver {
  constructor(private readonly parts: CheckDependencies & ResolveDependencies) {}

  @Mutation(() => RefreshCancellationPayloadType, {
    description:
      "Asks EBP now about a cancellation that is UNKNOWN, instead of at `nextCheckAt`. Only reads the payment's details; moves no money. Does nothing to a cancellation that is decided.",
  })
  refreshCancellation(
    @Arg("id", () => ID, { description: "The cancellation's id." }) id: string,
    @Ctx() { caller, messages }: GraphQLContext,
  ): Promise<RefreshCancellationPayloadType> {
    return refreshCancellation(this.parts, caller, checkedId("id", id)).then(shownIn(messages));
  }

  @Mutation(() => ResolveCancellationPayloadType, {
    description:
      "For operators: decides a cancellation that is UNKNOWN by hand. FAILED is refused while there are obstacles that `evenThough` does not name. `events` keeps the decision, the note and who decided.",
  })
  resolveCancellation(
    @Arg("input", () => ResolveCancellationInputType, { description: "What was found out." })
    { id, outcome, note, evenThough }: ResolveCancellationInputType,
    @Ctx() { caller, messages }: GraphQLContext,
  ): Promise<ResolveCancellationPayloadType> {
    const resolution = { id: checkedId("input.id", id), outcome, note, evenThough };
    return resolveCancellation(this.parts, caller, resolution).then(shownIn(messages));
  }
}

function shownIn(messages: Messages) {
  return ({ cancellation, errors }: OperatorResult) => ({
    cancellation,
    userErrors: showErrors(errors, messages),
  });
}
