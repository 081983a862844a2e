import { Arg, Args, Ctx, ID, Query, Resolver } from "type-graphql";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import { findStore } from "../../cancellation/request/choose-store.js";
import type { Cursors } from "../../cancellation/history/cursors.js";
import { checkFilter } from "../../cancellation/history/filter.js";
import type { Stores } from "../../cancellation/model/store.js";
import { assertText } from "../../cancellation/request/field-rules.js";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "../../cancellation/model/limits.js";
import { CancellationType, NodeType, toCancellationType } from "../types/cancellation.type.js";
import { CancellationConnectionType, toConnection } from "../types/connection.type.js";
import type { GraphQLContext } from "../context.js";
import { CancellationFilterType } from "../types/history.input.js";
import { checkedId } from "../types/id.js";
import { PageArgs, toWindow } from "../types/page.args.js";

@Resolver()
export class HistoryResolver {
  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
    private readonly cursors: Cursors,
  ) {}

  @Query(() => NodeType, {
    nullable: true,
    description: "Anything with an id; null when there is none with this one.",
  })
  node(
    @Arg("id", () => ID, { description: "The id." }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<NodeType | null> {
    return this.cancellation(id, context);
  }

  @Query(() => CancellationType, {
    nullable: true,
    description: "One cancellation; null when there is none with this id.",
  })
  async cancellation(
    @Arg("id", () => ID, { description: "The cancellation's id." }) id: string,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<CancellationType | null> {
    const found = await this.history.find(caller.storeIds, checkedId("id", id));
    return found === null ? null : toCancellationType(found);
  }

  @Query(() => CancellationType, {
    nullable: true,
    description: "The cancellation that an idempotency key stands for; null when the key has not been used.",
  })
  async cancellationByKey(
    @Arg("idempotencyKey", () => String, { description: "The key." }) idempotencyKey: string,
    @Arg("storeId", () => String, {
      nullable: true,
      description: "May be left out by a caller of exactly one store.",
    })
    storeId: string | null | undefined,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<CancellationType | null> {
    const store = findStore(caller, this.stores, storeId, "storeId");
    const key = assertText("idempotencyKey", idempotencyKey, MAX_IDEMPOTENCY_KEY_LENGTH);
    const found = store === null ? null : await this.history.findByKey(store.id, key);
    return found === null ? null : toCancellationType(found);
  }

  @Query(() => CancellationConnectionType, { description: "The history of cancellations, page by page." })
  async cancellations(
    @Arg("filter", () => CancellationFilterType, { nullable: true, description: "Which; all when left out." })
    filter: CancellationFilterType | null | undefined,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<CancellationConnectionType> {
    const window = toWindow(args, this.cursors);
    const query = { filter: checkFilter(filter ?? {}, caller, this.stores, window.order), window };
    return toConnection(query, await this.history.page(query.filter, window), this.cursors);
  }
}
