import { Args, ArgsType, Field, ID, Resolver, Root, Subscription } from "type-graphql";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import { checkWatch } from "../../cancellation/live/follower.js";
import { CancellationType, toCancellationType } from "../types/cancellation.type.js";
import type { GraphQLContext } from "../context.js";
import { checkedId } from "../types/id.js";

@ArgsType()
export class CancellationChangedArgs {
  @Field(() => String, {
    nullable: true,
    description:
      "Only of this store. All of the caller's when left out; with `orderNo`, a caller of exactly one store may leave it out.",
  })
  storeId?: string | null;

  @Field(() => String, { nullable: true, description: "Only of this order." })
  orderNo?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "Only this cancellation; nothing else is given beside it. Its present state comes first.",
  })
  id?: string | null;
}

@Resolver()
export class CancellationChangedResolver {
  @Subscription(() => CancellationType, {
    description:
      "A cancellation each time something has happened to it, in its present state: who reads slowly gets the newest state and not each one. Of a store that is not the caller's, and of one that does not exist, nothing is ever told.",
    subscribe: ({ args, context }: { args: CancellationChangedArgs; context: GraphQLContext }) =>
      follow(args, context),
  })
  cancellationChanged(
    // Declared here, and read by `subscribe`.
    @Args(() => CancellationChangedArgs) _args: CancellationChangedArgs,
    @Root() cancellation: Cancellation,
  ): CancellationType {
    return toCancellationType(cancellation);
  }
}

/** @throws InvalidArgumentError, TooManyFollowersError */
function follow(
  { storeId, orderNo, id }: CancellationChangedArgs,
  { caller, live }: GraphQLContext,
): Promise<AsyncIterable<Cancellation>> {
  if (live === null) throw new Error("following changes: they are served at another address");
  const requested = { storeId, orderNo, id: typeof id === "string" ? checkedId("id", id) : null };
  return live.changes.follow(caller, checkWatch(requested, caller, live.stores), live.signal);
}
