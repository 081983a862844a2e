import { Args, ArgsType, ID, Resolver, Root, Subscription } from "type-graphql";
import { checkWatch, MAX_FOLLOWED_IDS } from "../../cancellation/live/follower.js";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import type { GraphQLContext } from "../context.js";
import { CancellationType, checkedId } from "./cancellation.js";
import { NullableField } from "./leaf-types.js";

@ArgsType()
export class CancellationChangedArgs {
  @NullableField(
    () => ID,
    "Only this store. All of yours by default. Required with `orderNo`, unless you can act for exactly one.",
  )
  storeId?: string | null;

  @NullableField(() => String, "Only this order.")
  orderNo?: string | null;

  @NullableField(
    () => [ID],
    `Only these cancellations, 1 to ${MAX_FOLLOWED_IDS}. Their current states are sent first. Cannot be combined with other arguments.`,
  )
  ids?: string[] | null;
}

@Resolver()
export class LiveChangesResolver {
  @Subscription(() => CancellationType, {
    description:
      "Sends a cancellation's current state whenever something happens to it. A slow reader gets the newest state instead of every state in between. Sends nothing for stores that are not yours or do not exist.",
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
  { storeId, orderNo, ids }: CancellationChangedArgs,
  { caller, live }: GraphQLContext,
): Promise<AsyncIterable<Cancellation>> {
  if (live === null) throw new Error("subscribing: the request did not come through the stream route");
  const requested = { storeId, orderNo, ids: ids?.map((id, index) => checkedId(`ids.${index}`, id)) };
  return live.changes.follow(caller, checkWatch(requested, caller, live.stores), live.signal);
}
