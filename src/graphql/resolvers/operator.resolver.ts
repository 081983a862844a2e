import { Arg, Ctx, ID, Mutation, Resolver } from "type-graphql";
import type { CheckDependencies } from "../../cancellation/reconcile/reconcile.js";
import {
  refreshCancellation,
  resolveCancellation,
  type ResolveDependencies,
} from "../../cancellation/reconcile/operators.js";
import type { GraphQLContext } from "../context.js";
import { checkedId } from "../types/cancellation.type.js";
import {
  RefreshCancellationPayloadType,
  ResolveCancellationInputType,
  ResolveCancellationPayloadType,
} from "../types/operator.type.js";

@Resolver()
export class OperatorResolver {
  constructor(private readonly parts: CheckDependencies & ResolveDependencies) {}

  @Mutation(() => RefreshCancellationPayloadType, {
    description:
      "Asks EBP now about a cancellation that is UNKNOWN, instead of at `nextCheckAt`. Only reads the payment's details; moves no money. Does nothing to a cancellation that is decided.",
  })
  refreshCancellation(
    @Arg("id", () => ID, { description: "The cancellation's id." }) id: string,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<RefreshCancellationPayloadType> {
    return refreshCancellation(this.parts, caller, checkedId("id", id));
  }

  @Mutation(() => ResolveCancellationPayloadType, {
    description:
      "For operators: decides a cancellation that is UNKNOWN by hand. FAILED is refused while there are obstacles that `evenThough` does not name. `events` keeps the decision, the note and who decided.",
  })
  resolveCancellation(
    @Arg("input", () => ResolveCancellationInputType, { description: "What was found out." })
    { id, outcome, note, evenThough }: ResolveCancellationInputType,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<ResolveCancellationPayloadType> {
    const resolution = { id: checkedId("input.id", id), outcome, note, evenThough };
    return resolveCancellation(this.parts, caller, resolution);
  }
}
