import { Arg, Args, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from "type-graphql";
import type { Cursors } from "../../cancellation/history/cursors.js";
import { checkFilter } from "../../cancellation/history/filter.js";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import {
  nextStepOf,
  type Cancellation,
  type CancellationEvent,
  type CancellationItem,
  type NextStep as Next,
} from "../../cancellation/model/cancellation.js";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "../../cancellation/model/limits.js";
import type { Stores } from "../../cancellation/model/store.js";
import { findStore } from "../../cancellation/request/check-request.js";
import { assertText } from "../../cancellation/request/field-rules.js";
import type { GraphQLContext } from "../context.js";
import { QUERY_POINTS } from "../plugins/limits.js";
import { CancellationEventType, CancellationItemType } from "../types/cancellation-details.type.js";
import { CancellationType, checkedId, NodeType } from "../types/cancellation.type.js";
import { CancellationConnectionType, toConnection } from "../types/connection.type.js";
import { NextStep } from "../types/enums.js";
import { CancellationFilterType, PageArgs, toWindow } from "../types/history.input.js";

@Resolver(() => CancellationType)
export class CancellationResolver {
  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
    private readonly cursors: Cursors,
  ) {}

  @Query(() => NodeType, {
    nullable: true,
    description: "The object with this id; null if there is none.",
  })
  node(
    @Arg("id", () => ID, { description: "The id." }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<NodeType | null> {
    return this.cancellation(id, context);
  }

  @Query(() => CancellationType, {
    nullable: true,
    description: "The cancellation with this id; null if there is none.",
  })
  cancellation(
    @Arg("id", () => ID, { description: "The cancellation's id." }) id: string,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<CancellationType | null> {
    return this.history.find(caller.storeIds, checkedId("id", id));
  }

  @Query(() => CancellationType, {
    nullable: true,
    description: "The cancellation with this idempotency key; null if the key has not been used.",
  })
  async cancellationByKey(
    @Arg("idempotencyKey", () => String, { description: "The key." }) idempotencyKey: string,
    @Arg("storeId", () => String, {
      nullable: true,
      description: "The store. Optional if you can act for exactly one.",
    })
    storeId: string | null | undefined,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<CancellationType | null> {
    const store = findStore(caller, this.stores, storeId, "storeId");
    const key = assertText("idempotencyKey", idempotencyKey, MAX_IDEMPOTENCY_KEY_LENGTH);
    return store === null ? null : this.history.findByKey(store.id, key);
  }

  @Query(() => CancellationConnectionType, { description: "The history of cancellations, page by page." })
  async cancellations(
    @Arg("filter", () => CancellationFilterType, {
      nullable: true,
      description: "Conditions on the cancellations; all of them by default.",
    })
    filter: CancellationFilterType | null | undefined,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<CancellationConnectionType> {
    const window = toWindow(args, this.cursors);
    const query = { filter: checkFilter(filter ?? {}, caller, this.stores, window.order), window };
    return toConnection(query, await this.history.page(query.filter, window), this.cursors);
  }

  @FieldResolver(() => NextStep, {
    nullable: true,
    complexity: 0,
    description: "What happens next; null once it is decided.",
  })
  nextStep(@Root() cancellation: Cancellation): Next | null {
    return nextStepOf(cancellation);
  }

  // The fields below read the database, for a whole page at once. Each is nullable, so that the answer to a mutation that moved money
  // survives when one of them cannot be read.

  @FieldResolver(() => Int, {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "For how many seconds it has been UNKNOWN, by the database's clock; null for other statuses.",
  })
  async inDoubtSeconds(
    @Root() { status, inDoubtSince }: Cancellation,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<number | null> {
    if (status !== "UNKNOWN" || inDoubtSince === null) return null;
    const now = await loaders().now();
    return Math.max(0, Math.floor((now.getTime() - inDoubtSince.getTime()) / 1_000));
  }

  @FieldResolver(() => [CancellationItemType], {
    nullable: true,
    complexity: QUERY_POINTS,
    description: "Its lines, sorted by `seq`. Null only together with an error, if they could not be read.",
  })
  items(@Root() cancellation: Cancellation, @Ctx() { loaders }: GraphQLContext): Promise<CancellationItem[]> {
    return loaders().items.load(cancellation);
  }

  @FieldResolver(() => [CancellationEventType], {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "Everything that happened to it, oldest first. Null only together with an error, if they could not be read.",
  })
  events(
    @Root() cancellation: Cancellation,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<CancellationEvent[]> {
    return loaders().events.load(cancellation);
  }
}
