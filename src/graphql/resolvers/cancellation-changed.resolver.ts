import { Args, ArgsType, ID, Resolver, Root, Subscription } from "type-graphql";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import { checkWatch } from "../../cancellation/live/follower.js";
import { CancellationType, checkedId } from "../types/cancellation.type.js";
import type { GraphQLContext } from "../context.js";
import { NullableField } from "../types/nullable-field.js";

@ArgsType()
export class CancellationChangedArgs {
  @NullableField(
    () => String,
    "Only this store. Without it, all of the caller's stores. With `orderNo` it is required, unless the caller has exactly one store.",
  )
  storeId?: string | null;

  @NullableField(() => String, "Only this order.")
  orderNo?: string | null;

  @NullableField(
    () => ID,
    "Only this cancellation. Its present state comes first. Cannot be combined with other arguments.",
  )
  id?: string | null;
}

@Resolver()
export class CancellationChangedResolver {
  @Subscription(() => CancellationType, {
    description:
      "The present state of a cancellation, each time something happens to it. A slow reader gets the newest state instead of every state in between. Stores that are not the caller's, or do not exist, send nothing.",
    subscribe: ({ args, context }: { args: CancellationChangedArgs; context: GraphQLContext }) =>
      follow(args, context),
  })
  cancellationChanged(
    // Declares the arguments, which only `subscribe` reads.
    @Args(() => CancellationChangedArgs) _args: CancellationChangedArgs,
    @Root() cancellation: Cancellation,
  ): CancellationType {
    return cancellation;
  }
}

/** @throws InvalidArgumentError, TooManyFollowersError */
function follow(
  { storeId, orderNo, id }: CancellationChangedArgs,
  { caller, live }: GraphQLContext,
): Promise<AsyncIterable<Cancellation>> {
  if (live === null) throw new Error("subscribing: the request did not come through the stream route");
  const requested = { storeId, orderNo, id: typeof id === "string" ? checkedId("id", id) : null };
  return live.changes.follow(caller, checkWatch(requested, caller, live.stores), live.signal);
}
