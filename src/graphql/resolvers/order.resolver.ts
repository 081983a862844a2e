import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import type { CancellationHistory, OrderLine } from "../../cancellation/history/history.js";
import { findStore } from "../../cancellation/request/choose-store.js";
import type { Cursors } from "../../cancellation/history/cursors.js";
import type { Stores } from "../../cancellation/model/store.js";
import { assertText } from "../../cancellation/request/field-rules.js";
import { LIVE_STATUS_LIMIT_MS, type AskLiveStatus } from "../../cancellation/history/live-status.js";
import { MAX_IDENTIFIER_LENGTH } from "../../cancellation/model/limits.js";
import { CancellationType, toCancellationType } from "../types/cancellation.type.js";
import { toConnection } from "../types/connection.type.js";
import type { GraphQLContext } from "../context.js";
import { LIVE_STATUS_POINTS } from "../plugins/limits/limits.js";
import { LivePaymentStatusType } from "../types/live-status.type.js";
import { oncePerRequest, type OncePerRequest } from "./once-per-request.js";
import { OrderCancellationConnectionType } from "../types/order-connection.type.js";
import { OrderCancellationsType, OrderLineType } from "../types/order.type.js";
import { PageArgs, toWindow } from "../types/page.args.js";

@Resolver(() => OrderCancellationsType)
export class OrderResolver {
  private readonly liveStatusOf: OncePerRequest<AskLiveStatus>;

  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
    private readonly cursors: Cursors,
    askLiveStatus: AskLiveStatus,
  ) {
    this.liveStatusOf = oncePerRequest(askLiveStatus);
  }

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
    return (await loaders().orderLines(storeId, orderNo)).lines;
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
    const query = { filter: { storeIds: [storeId], orderNo }, window: toWindow(args, this.cursors) };
    return toConnection(query, await this.history.page(query.filter, query.window), this.cursors);
  }

  @FieldResolver(() => LivePaymentStatusType, {
    nullable: true,
    complexity: LIVE_STATUS_POINTS,
    description: `What EBP says of the payment now. It is asked on demand, for at most ${LIVE_STATUS_LIMIT_MS / 1_000} s; when it is away, \`unavailable\` says why, and the rest is answered as ever. Costs ${LIVE_STATUS_POINTS} points: ask for a few orders, not for lists of them. Null only when this service itself has failed.`,
  })
  liveStatus(
    @Root() { storeId, orderNo }: OrderCancellationsType,
    @Ctx() context: GraphQLContext,
  ): Promise<LivePaymentStatusType> {
    return this.liveStatusOf(context, storeId, orderNo);
  }
}
