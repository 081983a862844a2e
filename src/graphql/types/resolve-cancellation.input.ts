import { Field, ID, InputType } from "type-graphql";
import type { ResolutionObstacle as Obstacle } from "../../cancellation/model/user-error.js";
import type { OperatorOutcome as Outcome } from "../../cancellation/reconcile/operators.js";
import { OperatorOutcome, ResolutionObstacle } from "./enums.js";

@InputType("ResolveCancellationInput", {
  description: "What an operator has found out about a cancellation in doubt.",
})
export class ResolveCancellationInputType {
  @Field(() => ID, { description: "The cancellation's id." })
  id!: string;

  @Field(() => OperatorOutcome, { description: "What became of it." })
  outcome!: Outcome;

  @Field(() => String, {
    description:
      "What the decision rests on: whom you asked, what you saw. 1 to 2000 characters, without the refund account. Everybody who reads the cancellation can read it.",
  })
  note!: string;

  @Field(() => [ResolutionObstacle], {
    defaultValue: [],
    description:
      "Only for FAILED: what speaks against it and you know of. A decision that does not name all that stands is refused, with what it lacks. Recorded with the decision.",
  })
  evenThough!: Obstacle[];
}
