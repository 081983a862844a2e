import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import { findStore } from "../cancellation/caller.js";
import { assertText } from "../cancellation/field-rules.js";
import type { CancellationHistory, OrderLine } from "../cancellation/history/history.js";
import { MAX_IDENTIFIER_LENGTH } from "../cancellation/limits.js";
import type { Stores } from "../cancellation/store.js";
import { CancellationType, toCancellationType } from "./cancellation.type.js";
import { toConnection } from "./connection.type.js";
import type { GraphQLContext } from "./context.js";
import { OrderCancellationConnectionType } from "./order-connection.type.js";
import { OrderCancellationsType, OrderLineType } from "./order.type.js";
import { PageArgs, toWindow } from "./page.args.js";

@Resolver(() => OrderCancellationsType)
export class OrderResolver {
  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
  ) {}

  @Query(() => OrderCancellationsType, {
    nullable: true,
    description:
      "What has been cancelled of one order, and what is in doubt: nothing, of an order that no cancel was asked for. Null for a store that you cannot act for.",
  })
  async order(
    @Arg("orderNo", () => String, { description: "The order." }) orderNo: string,
    @Arg("storeId", () => String, {
      nullable: true,
      description: "May be left out by a caller of exactly one store.",
    })
    storeId: string | null | undefined,
    @Ctx() { caller }: GraphQLContext,
  ): Promise<OrderCancellationsType | null> {
    const store = findStore(caller, this.stores, storeId, "storeId");
    assertText("orderNo", orderNo, MAX_IDENTIFIER_LENGTH);
    if (store === null) return null;
    const totals = await this.history.orderTotals(store.id, orderNo);
    return { storeId: store.id, orderNo, currencyCode: store.currencyCode, ...totals };
  }

  @FieldResolver(() => [OrderLineType], {
    description:
      "What was cancelled, and what is in doubt, line by line. Read after the totals: a cancel that comes in between is in these only.",
  })
  async lines(
    @Root() { storeId, orderNo }: OrderCancellationsType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<readonly OrderLine[]> {
    return (await loaders.orderLines(storeId, orderNo)).lines;
  }

  @FieldResolver(() => CancellationType, {
    nullable: true,
    description:
      "The one that is in flight or in doubt: it keeps the order closed to others until it is decided. Null when there is none. Read after the totals.",
  })
  async openCancellation(
    @Root() { storeId, orderNo }: OrderCancellationsType,
  ): Promise<CancellationType | null> {
    const open = await this.history.findOpen(storeId, orderNo);
    return open === null ? null : toCancellationType(open);
  }

  @FieldResolver(() => OrderCancellationConnectionType, { description: "The order's cancellations." })
  async cancellations(
    @Root() { storeId, orderNo }: OrderCancellationsType,
    @Args(() => PageArgs) args: PageArgs,
  ): Promise<OrderCancellationConnectionType> {
    const query = { filter: { storeIds: [storeId], orderNo }, window: toWindow(args) };
    return toConnection(query, await this.history.page(query.filter, query.window));
  }
}
