import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { CancellationEvent, CancellationItem } from "../cancellation/cancellation.js";
import { CancellationEventType } from "./cancellation-event.type.js";
import { CancellationItemType } from "./cancellation-item.type.js";
import { CancellationType } from "./cancellation.type.js";
import type { GraphQLContext } from "./context.js";

/** Read only when asked for, and for a whole page at once. */
@Resolver(() => CancellationType)
export class CancellationResolver {
  @FieldResolver(() => [CancellationItemType], { description: "Its lines, in order of `seq`." })
  items(
    @Root() cancellation: CancellationType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<CancellationItem[]> {
    return loaders.items.load(cancellation);
  }

  @FieldResolver(() => [CancellationEventType], { description: "Every step of its life, oldest first." })
  events(
    @Root() cancellation: CancellationType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<CancellationEvent[]> {
    return loaders.events.load(cancellation);
  }
}
