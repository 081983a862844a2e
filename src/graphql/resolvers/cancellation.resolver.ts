import { Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import type { CancellationEvent, CancellationItem } from "../../cancellation/model/cancellation.js";
import { CancellationEventType } from "../types/cancellation-event.type.js";
import { CancellationItemType } from "../types/cancellation-item.type.js";
import { CancellationType } from "../types/cancellation.type.js";
import type { GraphQLContext } from "../context.js";

/**
 * Read only when asked for, and for a whole page at once. Each may be null, so that one that cannot be read takes nothing else along:
 * a mutation that has moved money must say so whatever is read afterwards.
 */
@Resolver(() => CancellationType)
export class CancellationResolver {
  @FieldResolver(() => [CancellationItemType], {
    nullable: true,
    description: "Its lines, in order of `seq`. Null only with an error, when they could not be read.",
  })
  items(
    @Root() cancellation: CancellationType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<CancellationItem[]> {
    return loaders().items.load(cancellation);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description:
      "For how many seconds it has been in doubt, by the database's clock; null unless it is UNKNOWN.",
  })
  async inDoubtSeconds(
    @Root() { status, inDoubtSince }: CancellationType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<number | null> {
    if (status !== "UNKNOWN" || inDoubtSince === null) return null;
    const now = await loaders().now();
    return Math.max(0, Math.floor((now.getTime() - inDoubtSince.getTime()) / 1_000));
  }

  @FieldResolver(() => [CancellationEventType], {
    nullable: true,
    description:
      "Every step of its life and everything learnt of it, oldest first. Null only with an error, when they could not be read.",
  })
  events(
    @Root() cancellation: CancellationType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<CancellationEvent[]> {
    return loaders().events.load(cancellation);
  }
}
