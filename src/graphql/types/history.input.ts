import { GraphQLDateTime } from "graphql-scalars";
import { Field, InputType, Int } from "type-graphql";
import type { Decimal } from "../../cancellation/model/decimal.js";
import type {
  HistoryOrder,
  HistoryOrderField,
  OrderDirection as Direction,
} from "../../cancellation/history/cursors.js";
import type { RequestedFilter } from "../../cancellation/history/filter.js";
import type { ItemType as ItemTypeName } from "../../cancellation/model/cancel-request.js";
import type {
  CancellationStatus as Status,
  ResolvedBy as Resolver,
  Settlement as Settled,
} from "../../cancellation/model/status.js";
import { DecimalScalar } from "./decimal.scalar.js";
import {
  CancellationOrderField,
  CancellationStatus,
  ItemType,
  OrderDirection,
  ResolvedBy,
  Settlement,
} from "./enums.js";

@InputType("CancellationFilter", {
  description:
    "Which cancellations. Every condition given must hold; conditions that exclude each other are an error.",
})
export class CancellationFilterType implements RequestedFilter {
  @Field(() => [String], {
    nullable: true,
    description: "Only these stores; all of the caller's when left out.",
  })
  storeId?: string[] | null;

  @Field(() => [CancellationStatus], { nullable: true, description: "Only these states." })
  status?: Status[] | null;

  @Field(() => Settlement, { nullable: true, description: "Only those whose `settlement` is this." })
  settlement?: Settled | null;

  @Field(() => ResolvedBy, { nullable: true, description: "Only those decided by this kind of evidence." })
  resolvedBy?: Resolver | null;

  @Field(() => String, { nullable: true, description: "Only this order." })
  orderNo?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only orders whose number begins with this, of 3 characters or more.",
  })
  orderNoPrefix?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only the one with this key; of several stores, the one in each.",
  })
  idempotencyKey?: string | null;

  @Field(() => String, { nullable: true, description: "Only the one with EBP's id of the return request." })
  returnRequestId?: string | null;

  @Field(() => String, { nullable: true, description: "Only the one with EBP's tracking id of its answer." })
  requestId?: string | null;

  @Field(() => String, { nullable: true, description: "Only those with a line of this item." })
  itemId?: string | null;

  @Field(() => ItemType, {
    nullable: true,
    description: "Only those with a line of this kind; with `itemId`, with one line that is of both.",
  })
  itemType?: ItemTypeName | null;

  @Field(() => String, {
    nullable: true,
    description: "Only those asked for with this reason, word for word.",
  })
  reason?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only those asked for by this caller: `sub` of its token.",
  })
  requestedBy?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only those whose `failure` has this result code of EBP.",
  })
  failureCode?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Of this total or more. For stores of one currency only.",
  })
  amountFrom?: Decimal | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Of this total or less. For stores of one currency only.",
  })
  amountTo?: Decimal | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Created at this moment or later." })
  createdFrom?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Created before this moment." })
  createdBefore?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Decided at this moment or later." })
  resolvedFrom?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Decided before this moment." })
  resolvedBefore?: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: "UNKNOWN now, and for more seconds than this, by the database's clock.",
  })
  inDoubtLongerThanSeconds?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True: only those with `discrepancies`. False: only those without.",
  })
  hasDiscrepancies?: boolean | null;
}

@InputType("CancellationOrder", { description: "The order of a history. Newest first when left out." })
export class CancellationOrderType implements HistoryOrder {
  @Field(() => CancellationOrderField, { description: "What to order by." })
  field!: HistoryOrderField;

  @Field(() => OrderDirection, { description: "Which end comes first." })
  direction!: Direction;
}
