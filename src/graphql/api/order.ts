import { GraphQLDateTime } from "graphql-scalars";
import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
} from "type-graphql";
import { z } from "zod";
import type { Cursors } from "../../cancellation/history/cursors.js";
import type { CancellationHistory, OrderLine } from "../../cancellation/history/history.js";
import {
  LIVE_STATUS_LIMIT_MS,
  type AskLiveStatus,
  type LiveStatus,
  type Unavailable,
} from "../../cancellation/history/live-status.js";
import type { Caller } from "../../cancellation/model/caller.js";
import type { OrderReference } from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";
import { MAX_IDENTIFIER_LENGTH } from "../../cancellation/model/limits.js";
import type { Store, Stores } from "../../cancellation/model/store.js";
import { chooseStore, findStore } from "../../cancellation/request/check-request.js";
import { assertText, textFaults } from "../../cancellation/request/field-rules.js";
import type { GraphQLContext } from "../context.js";
import { LIVE_STATUS_POINTS, QUERY_POINTS } from "../plugins/limits.js";
import { CancellationType, NodeType } from "./cancellation.js";
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
  description: "What is cancelled of one line of an order. `seq`, `itemType` and `itemId` identify it.",
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

@ObjectType("Order", {
  implements: NodeType,
  description:
    "An order, as this service knows it from its cancels. An order without cancels cannot be told from one that does not exist.",
})
export class OrderType extends NodeType implements OrderReference {
  @Field(() => ID, { description: "The EBP store." })
  storeId!: string;

  @Field(() => String, { description: "The order number." })
  orderNo!: string;

  @Field(() => String, { description: "ISO 4217 code of the store's currency." })
  currencyCode!: string;
}

/** Before the base64url of an order's store and number, as JSON. */
const ORDER_ID = "Order_";

function toOrder({ id, currencyCode }: Store, orderNo: string): OrderType {
  const content = Buffer.from(JSON.stringify([id, orderNo]), "utf8").toString("base64url");
  return { id: ORDER_ID + content, storeId: id, orderNo, currencyCode };
}

/** The order of a cancellation or of an input; null where the input names none of the caller's. */
export function orderOf(
  { storeId, orderNo }: { readonly storeId?: string | null; readonly orderNo: string },
  caller: Caller,
  stores: Stores,
): OrderType | null {
  if (textFaults("", orderNo, MAX_IDENTIFIER_LENGTH).length > 0) return null;
  const store = chooseStore({ storeId: storeId ?? null }, caller, stores);
  return store instanceof InvalidArgumentError ? null : toOrder(store, orderNo);
}

const ORDER_ID_CONTENT = z.tuple([z.string(), z.string()]);

/** Whether an id is that of an order, of whomever and forged or not. */
export function isOrderId(id: string): boolean {
  return id.startsWith(ORDER_ID);
}

/** The caller's order with this id; null for any other id. */
export function orderOfId(id: string, caller: Caller, stores: Stores): OrderType | null {
  try {
    const content: unknown = JSON.parse(Buffer.from(id.slice(ORDER_ID.length), "base64url").toString("utf8"));
    const [storeId, orderNo] = ORDER_ID_CONTENT.parse(content);
    const order = orderOf({ storeId, orderNo }, caller, stores);
    // Another spelling of the same content is not the id that was given out.
    return order?.id === id ? order : null;
  } catch {
    return null;
  }
}

/** Each reads what a page of a history reads. */
const MAX_ORDERS = 100;

@ObjectType("LiveStatusUnavailable", { description: "Why the payment's status at EBP cannot be shown." })
export class LiveStatusUnavailableType implements Unavailable {
  @Field(() => UnavailableReason, { description: "The reason, for programs." })
  reason!: Unavailable["reason"];

  @NullableField(
    () => String,
    "EBP's result code; null unless `reason` is REFUSED and EBP has published the code.",
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
    "EBP's own name for the payment's status, such as `CAPTURED`; null if `unavailable` says why there is none.",
  )
  paymentStatus!: string | null;

  @NullableField(
    () => PaymentCancelState,
    "What `paymentStatus` says about cancels; null if `unavailable` says why there is none.",
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

@Resolver(() => LiveStatusUnavailableType)
export class LiveStatusUnavailableResolver {
  @FieldResolver(() => String, { complexity: 0, description: "The reason, in the caller's language." })
  message(@Root() { reason }: Unavailable, @Ctx() { messages }: GraphQLContext): string {
    return messages.unavailable[reason];
  }
}

@Resolver(() => OrderType)
export class OrderResolver {
  constructor(
    private readonly stores: Stores,
    private readonly history: CancellationHistory,
    private readonly cursors: Cursors,
    private readonly askLiveStatus: AskLiveStatus,
  ) {}

  @Query(() => OrderType, {
    nullable: true,
    description: "One order. Null for a store that you cannot act for.",
  })
  order(
    @Arg("orderNo", () => String, { description: "The order number." }) orderNo: string,
    @Arg("storeId", () => ID, {
      nullable: true,
      description: "The store. Optional if you can act for exactly one.",
    })
    storeId: string | null | undefined,
    @Ctx() { caller }: GraphQLContext,
  ): OrderType | null {
    const store = findStore(caller, this.stores, storeId, "storeId");
    assertText("orderNo", orderNo, MAX_IDENTIFIER_LENGTH);
    return store && toOrder(store, orderNo);
  }

  @Query(() => [OrderType], {
    nullable: "items",
    description:
      "Several orders of one store, in the order of their numbers here. Null for a store that you cannot act for.",
  })
  orders(
    @Arg("orderNos", () => [String], { description: `The order numbers, 1 to ${MAX_ORDERS}.` })
    orderNos: string[],
    @Arg("storeId", () => ID, {
      nullable: true,
      description: "The store. Optional if you can act for exactly one.",
    })
    storeId: string | null | undefined,
    @Ctx() { caller }: GraphQLContext,
  ): (OrderType | null)[] {
    const field = "orderNos";
    const store = findStore(caller, this.stores, storeId, "storeId");
    if (orderNos.length === 0) throw new InvalidArgumentError({ kind: "emptyList", field });
    if (orderNos.length > MAX_ORDERS)
      throw new InvalidArgumentError({ kind: "tooManyOfThem", field, max: MAX_ORDERS });
    orderNos.forEach((orderNo, index) => assertText(`${field}.${index}`, orderNo, MAX_IDENTIFIER_LENGTH));
    return orderNos.map((orderNo) => store && toOrder(store, orderNo));
  }

  // The fields below read the database, for several orders at once. They are nullable, so that the answer to a mutation that moved
  // money survives when one of them cannot be read.

  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "Total of its cancels that have SUCCEEDED. Null only together with an error, if it could not be read.",
  })
  async cancelledTotal(@Root() order: OrderType, @Ctx() { loaders }: GraphQLContext): Promise<Decimal> {
    return (await loaders().orderTotals.load(order)).cancelledTotal;
  }

  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "Total of its cancels that are PENDING or UNKNOWN. Null only together with an error, if it could not be read.",
  })
  async inDoubtTotal(@Root() order: OrderType, @Ctx() { loaders }: GraphQLContext): Promise<Decimal> {
    return (await loaders().orderTotals.load(order)).inDoubtTotal;
  }

  @FieldResolver(() => [OrderLineType], {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "What has been cancelled, line by line. Read a moment after the totals, so it may already include a newer cancel. Null only together with an error, if it could not be read.",
  })
  async lines(
    @Root() { storeId, orderNo }: OrderType,
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
  openCancellation(@Root() { storeId, orderNo }: OrderType): Promise<CancellationType | null> {
    return this.history.findOpen(storeId, orderNo);
  }

  @FieldResolver(() => OrderCancellationConnectionType, {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "The order's cancellations, page by page. Null only together with an error, if they could not be read.",
  })
  async cancellations(
    @Root() { storeId, orderNo }: OrderType,
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
  liveStatus(@Root() { storeId, orderNo }: OrderType): Promise<LivePaymentStatusType> {
    return this.askLiveStatus(storeId, orderNo);
  }
}
