import { GraphQLDateTime } from "graphql-scalars";
import { Arg, Args, Ctx, Field, FieldResolver, Int, ObjectType, Query, Resolver, Root } from "type-graphql";
import type { Cursors } from "../../cancellation/history/cursors.js";
import type { CancellationHistory, OrderLine } from "../../cancellation/history/history.js";
import {
  LIVE_STATUS_LIMIT_MS,
  type AskLiveStatus,
  type LiveStatus,
  type Unavailable,
} from "../../cancellation/history/live-status.js";
import type { OrderTotals } from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { MAX_IDENTIFIER_LENGTH } from "../../cancellation/model/limits.js";
import type { Stores } from "../../cancellation/model/store.js";
import { findStore } from "../../cancellation/request/check-request.js";
import { assertText } from "../../cancellation/request/field-rules.js";
import type { GraphQLContext } from "../context.js";
import { LIVE_STATUS_POINTS, QUERY_POINTS } from "../plugins/limits.js";
import { CancellationType } from "./cancellation.js";
import { OrderCancellationConnectionType, toConnection } from "./connection.js";
import { PageArgs, toWindow } from "./history-input.js";
import {
  DecimalScalar,
  ItemType,
  NullableField,
  PaymentCancelState,
  UnavailableReason,
} from "./leaf-types.js";

@ObjectType("OrderLine", {
  description: "What has been cancelled of one line of an order: one `seq`, item type and item id.",
})
export class OrderLineType implements OrderLine {
  @Field(() => Int, { description: "Line number within the order." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: OrderLine["itemType"];

  @Field(() => String, { description: "The item's id in the order." })
  itemId!: string;

  @Field(() => Int, { description: "Units cancelled." })
  cancelledQuantity!: number;

  @Field(() => DecimalScalar, { description: "Amount cancelled: what the line added to the totals." })
  cancelledAmount!: Decimal;

  @Field(() => Int, { description: "Units in cancels that are PENDING or UNKNOWN." })
  inDoubtQuantity!: number;

  @Field(() => DecimalScalar, { description: "Amount in cancels that are PENDING or UNKNOWN." })
  inDoubtAmount!: Decimal;
}

@ObjectType("OrderCancellations", {
  description:
    "An order, as far as its cancels show. An order without cancels looks like one that does not exist.",
})
export class OrderCancellationsType implements OrderTotals {
  @Field(() => String, { description: "The EBP store." })
  storeId!: string;

  @Field(() => String, { description: "The order." })
  orderNo!: string;

  @Field(() => String, { description: "ISO 4217 code of the store's currency." })
  currencyCode!: string;

  @Field(() => DecimalScalar, { description: "Total of its cancels that have SUCCEEDED." })
  cancelledTotal!: Decimal;

  @Field(() => DecimalScalar, { description: "Total of its cancels that are PENDING or UNKNOWN." })
  inDoubtTotal!: Decimal;
}

@ObjectType("LiveStatusUnavailable", { description: "Why the payment's status at EBP cannot be shown." })
export class LiveStatusUnavailableType implements Unavailable {
  @Field(() => UnavailableReason, { description: "The reason, for programs." })
  reason!: Unavailable["reason"];

  @Field(() => String, { description: "The reason, for people." })
  message!: string;

  @NullableField(
    () => String,
    "EBP's result code; null unless EBP REFUSED with a code that it has published.",
  )
  resultCode!: string | null;
}

@ObjectType("LivePaymentStatus", {
  description:
    "The status of an order's payment at EBP right now. It is not stored, and it decides nothing: a cancellation that is UNKNOWN stays so.",
})
export class LivePaymentStatusType implements Pick<LiveStatus, keyof LiveStatus> {
  @NullableField(
    () => String,
    "EBP's own name for the payment's status, such as `CAPTURED`; null if `unavailable` is not.",
  )
  paymentStatus!: string | null;

  @NullableField(
    () => PaymentCancelState,
    "What `paymentStatus` says about cancels; null if `unavailable` is not.",
  )
  cancels!: LiveStatus["cancels"];

  @Field(() => GraphQLDateTime, {
    description: "When EBP answered, or this service gave up, by this service's clock.",
  })
  checkedAt!: Date;

  @NullableField(
    () => String,
    "EBP's tracking id of its answer. Quote it to EBP's support. Null if there is none to show.",
  )
  requestId!: string | null;

  @NullableField(() => LiveStatusUnavailableType, "Why there is no status; null if there is one.")
  unavailable!: Unavailable | null;
}

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
