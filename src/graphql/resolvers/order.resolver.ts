import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import type { Cursors } from "../../cancellation/history/cursors.js";
import type { CancellationHistory, OrderLine } from "../../cancellation/history/history.js";
import { LIVE_STATUS_LIMIT_MS, type AskLiveStatus } from "../../cancellation/history/live-status.js";
import { MAX_IDENTIFIER_LENGTH } from "../../cancellation/model/limits.js";
import type { Stores } from "../../cancellation/model/store.js";
import { findStore } from "../../cancellation/request/check-request.js";
import { assertText } from "../../cancellation/request/field-rules.js";
import type { GraphQLContext } from "../context.js";
import { LIVE_STATUS_POINTS, QUERY_POINTS } from "../plugins/limits.js";
import { CancellationType } from "../types/cancellation.type.js";
import { OrderCancellationConnectionType, toConnection } from "../types/connection.type.js";
import { PageArgs, toWindow } from "../types/history.input.js";
import { LivePaymentStatusType, OrderCancellationsType, OrderLineType } from "../types/order.type.js";

@Resolver(() => OrderCancellationsType)
export class OrderResolver {
  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
    private readonly cursors: Cursors,
    private readonly askLiveStatus: AskLiveStatus,
  ) {}

  @Query(() => OrderCancellationsType, {
    nullable: true,
    description:
      "What has been cancelled of one order; zero for an order without cancels. Null for a store that you cannot act for.",
  })
  async order(
    @Arg("orderNo", () => String, { description: "The order." }) orderNo: string,
    @Arg("storeId", () => String, {
      nullable: true,
      description: "The store. Optional if you can act for exactly one.",
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
    complexity: QUERY_POINTS,
    description:
      "What has been cancelled, line by line. Read a moment after the totals, so it may already include a newer cancel.",
  })
  async lines(
    @Root() { storeId, orderNo }: OrderCancellationsType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<readonly OrderLine[]> {
    return (await loaders().orderLines(storeId, orderNo)).lines;
  }

  @FieldResolver(() => CancellationType, {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "The cancellation that is PENDING or UNKNOWN; null if there is none. Until it is decided, no other cancel of this order is sent. Read a moment after the totals.",
  })
  openCancellation(@Root() { storeId, orderNo }: OrderCancellationsType): Promise<CancellationType | null> {
    return this.history.findOpen(storeId, orderNo);
  }

  @FieldResolver(() => OrderCancellationConnectionType, {
    complexity: QUERY_POINTS,
    description: "The order's cancellations.",
  })
  async cancellations(
    @Root() { storeId, orderNo }: OrderCancellationsType,
    @Args(() => PageArgs) args: PageArgs,
  ): Promise<OrderCancellationConnectionType> {
    const query = { filter: { storeIds: [storeId], orderNo }, window: toWindow(args, this.cursors) };
    return toConnection(query, await this.history.page(query.filter, query.window), this.cursors);
  }

  @FieldResolver(() => LivePaymentStatusType, {
    nullable: true,
    complexity: LIVE_STATUS_POINTS,
    description: `The status of the payment at EBP right now. This asks EBP, for at most ${LIVE_STATUS_LIMIT_MS / 1_000} s; if EBP does not answer, \`unavailable\` says why, and all other fields are answered as usual. Costs ${LIVE_STATUS_POINTS} points: select it for a few orders, not for a list. Null only if this service itself fails.`,
  })
  liveStatus(@Root() { storeId, orderNo }: OrderCancellationsType): Promise<LivePaymentStatusType> {
    return this.askLiveStatus(storeId, orderNo);
  }
}
