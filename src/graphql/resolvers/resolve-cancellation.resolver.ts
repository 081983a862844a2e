import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { resolveCancellation, type ResolveDependencies } from "../../cancellation/reconcile/operators.js";
import type { GraphQLContext } from "../context.js";
import { checkedId } from "../types/id.js";
import { ResolveCancellationPayloadType, toResolvePayload } from "../types/operator.payload.type.js";
import { ResolveCancellationInputType } from "../types/resolve-cancellation.input.js";

@Resolver()
export class ResolveCancellationResolver {
  constructor(private readonly parts: ResolveDependencies) {}

  @Mutation(() => ResolveCancellationPayloadType, {
    description:
      "For operators: decides by hand a cancellation that is UNKNOWN, and no other. FAILED is refused while something speaks against it, unless `evenThough` names it. The decision, the note and who made it stay in `events`.",
  })
  async resolveCancellation(
    @Arg("input", () => ResolveCancellationInputType, { description: "What was found out." })
    { id, outcome, note, evenThough }: ResolveCancellationInputType,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<ResolveCancellationPayloadType> {
    const resolution = { id: checkedId("input.id", id), outcome, note, evenThough };
    return toResolvePayload(await resolveCancellation(this.parts, caller, resolution));
  }
}
