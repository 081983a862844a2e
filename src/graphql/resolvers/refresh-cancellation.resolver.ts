import { Arg, Ctx, ID, Mutation, Resolver } from "type-graphql";
import type { CheckDependencies } from "../../cancellation/reconcile/check-unresolved.js";
import { refreshCancellation } from "../../cancellation/reconcile/operators.js";
import type { GraphQLContext } from "../context.js";
import { checkedId } from "../types/id.js";
import { RefreshCancellationPayloadType, toRefreshPayload } from "../types/operator.payload.type.js";

@Resolver()
export class RefreshCancellationResolver {
  constructor(private readonly parts: CheckDependencies) {}

  @Mutation(() => RefreshCancellationPayloadType, {
    description:
      "Looks now at what became of a cancellation in doubt, instead of at `nextCheckAt`: EBP is asked for the payment's details, and nothing is sent that moves money. Changes nothing about one that is decided.",
  })
  async refreshCancellation(
    @Arg("id", () => ID, { description: "The cancellation's id." }) id: string,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<RefreshCancellationPayloadType> {
    return toRefreshPayload(await refreshCancellation(this.parts, caller, checkedId("id", id)));
  }
}
