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
import type { Cursors } from "../../cancellation/history/cursors.js";
import { checkFilter } from "../../cancellation/history/filter.js";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import {
  nextStepOf,
  type Cancellation,
  type CancellationEvent,
  type CancellationItem,
  type EventEvidence,
  type NextStep as Next,
} from "../../cancellation/model/cancellation.js";
import { Decimal } from "../../cancellation/model/decimal.js";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "../../cancellation/model/limits.js";
import type { Stores } from "../../cancellation/model/store.js";
import { findStore } from "../../cancellation/request/check-request.js";
import { assertText } from "../../cancellation/request/field-rules.js";
import type { GraphQLContext } from "../context.js";
import { QUERY_POINTS } from "../plugins/limits.js";
import { CancellationType, checkedId, NodeType } from "./cancellation.js";
import { CancellationConnectionType, toConnection } from "./connection.js";
import { CancellationFilterType, PageArgs, toWindow } from "./history-input.js";
import { isOrderId, orderOf, orderOfId, OrderType } from "./order.js";
import {
  CancellationStatus,
  DecimalScalar,
  EventSource,
  ItemType,
  NextStep,
  NullableField,
} from "./leaf-types.js";

@ObjectType("CancellationItem", {
  description: "One line of a cancellation: what was requested, and what EBP confirmed.",
})
export class CancellationItemType implements CancellationItem {
  @Field(() => Int, { description: "Line number within the order." })
  seq!: number;

  @Field(() => ItemType, { description: "The kind of line." })
  itemType!: CancellationItem["itemType"];

  @Field(() => String, { description: "The item's id in the order." })
  itemId!: string;

  @Field(() => Int, { description: "Units to cancel." })
  quantity!: number;

  @Field(() => DecimalScalar, {
    description:
      "The requested amount: per unit or for the whole line, depending on the cancellation's `amountBasis`.",
  })
  amount!: Decimal;

  @NullableField(
    () => DecimalScalar,
    "The tax included in `amount`, on the same basis; null if the request did not state it.",
  )
  taxAmount!: Decimal | null;

  @Field(() => DecimalScalar, { description: "What this line adds to the total." })
  lineTotal!: Decimal;

  @NullableField(() => Int, "Units that EBP confirmed; null if it did not.")
  confirmedQuantity!: number | null;

  @NullableField(() => DecimalScalar, "The amount that EBP confirmed; null if it did not.")
  confirmedAmount!: Decimal | null;

  @NullableField(() => DecimalScalar, "The tax that EBP confirmed; null if it did not.")
  confirmedTaxAmount!: Decimal | null;
}

@ObjectType("EventEvidence", {
  description: "The evidence for an event. It never contains an account number or a holder's name.",
})
export class EventEvidenceType implements EventEvidence {
  @NullableField(
    () => String,
    "The rule that was applied, in words; for an operator's decision, the operator's note.",
  )
  basis!: string | null;

  @NullableField(() => Int, "HTTP status of EBP's answer.")
  httpStatus!: number | null;

  @NullableField(() => String, "EBP's result code.")
  resultCode!: string | null;

  @NullableField(() => String, "EBP's tracking id.")
  requestId!: string | null;

  @NullableField(() => String, "EBP's timestamp, as EBP wrote it.")
  timestamp!: string | null;

  @NullableField(
    () => String,
    "SHA-256 (hex) of the bytes of EBP's answer to a cancel without a refund account. Null for other answers: whoever has the digest of a text with an account number could find the number by trying.",
  )
  digest!: string | null;
}

@ObjectType("CancellationEvent", {
  description:
    "Something that happened to a cancellation. If it did not change the status, `from` and `to` are the same.",
})
export class CancellationEventType implements CancellationEvent {
  @Field(() => GraphQLDateTime, { description: "When, by the database's clock." })
  at!: Date;

  @NullableField(() => CancellationStatus, "The status before; null for the first event.")
  from!: CancellationEvent["from"];

  @Field(() => CancellationStatus, { description: "The status after." })
  to!: CancellationEvent["to"];

  @Field(() => EventSource, { description: "Who or what caused it." })
  source!: CancellationEvent["source"];

  @NullableField(() => String, "The person or program that caused it; null if not known.")
  actor!: string | null;

  @Field(() => EventEvidenceType, { description: "The evidence for it." })
  evidence!: EventEvidence;
}

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
  ): Promise<NodeType | null> | NodeType | null {
    return isOrderId(id) ? orderOfId(id, context.caller, this.stores) : this.cancellation(id, context);
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
    @Arg("storeId", () => ID, {
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

  @FieldResolver(() => OrderType, {
    complexity: 0,
    description: "Its order, with all of its cancellations. Needs the scope `cancellations:read`.",
  })
  order(@Root() cancellation: Cancellation, @Ctx() { caller }: GraphQLContext): OrderType {
    const order = orderOf(cancellation, caller, this.stores);
    if (order === null) throw new Error("finding the order of a cancellation: its store is not the caller's");
    return order;
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
