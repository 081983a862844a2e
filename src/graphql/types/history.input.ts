import { GraphQLDateTime } from "graphql-scalars";
import { ArgsType, Field, InputType, Int } from "type-graphql";
import { NEWEST_FIRST, type Cursors, type HistoryOrder } from "../../cancellation/history/cursors.js";
import type { RequestedFilter } from "../../cancellation/history/filter.js";
import type { HistoryWindow } from "../../cancellation/history/history.js";
import type { Decimal } from "../../cancellation/model/decimal.js";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";
import { DecimalScalar } from "./decimal.scalar.js";
import {
  CancellationOrderField,
  CancellationStatus,
  ItemType,
  OrderDirection,
  ResolvedBy,
  Settlement,
} from "./enums.js";

/** Required, so that a condition which is forgotten here does not compile. GraphQL leaves out what the caller leaves out. */
type Condition = Required<RequestedFilter>;

@InputType("CancellationFilter", {
  description:
    "Conditions on cancellations; all of them must hold. Conditions that exclude each other are an error.",
})
export class CancellationFilterType implements Condition {
  @Field(() => [String], {
    nullable: true,
    description: "Only these stores; all of yours by default.",
  })
  storeId!: string[] | null;

  @Field(() => [CancellationStatus], { nullable: true, description: "Only these statuses." })
  status!: Condition["status"];

  @Field(() => Settlement, { nullable: true, description: "Only those with this `settlement`." })
  settlement!: Condition["settlement"];

  @Field(() => ResolvedBy, {
    nullable: true,
    description: "Only those decided by evidence from this source.",
  })
  resolvedBy!: Condition["resolvedBy"];

  @Field(() => String, { nullable: true, description: "Only this order." })
  orderNo!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only orders whose number begins with this text of at least 3 characters.",
  })
  orderNoPrefix!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only the one with this key; if you search several stores, the one in each.",
  })
  idempotencyKey!: string | null;

  @Field(() => String, { nullable: true, description: "Only the one with this id of EBP's return request." })
  returnRequestId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only the one whose answer from EBP has this tracking id.",
  })
  requestId!: string | null;

  @Field(() => String, { nullable: true, description: "Only those with a line of this item." })
  itemId!: string | null;

  @Field(() => ItemType, {
    nullable: true,
    description:
      "Only those with a line of this kind; together with `itemId`, with a line that matches both.",
  })
  itemType!: Condition["itemType"];

  @Field(() => String, {
    nullable: true,
    description: "Only those with exactly this reason.",
  })
  reason!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only those requested by this caller: the `sub` of its token.",
  })
  requestedBy!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Only those whose `failure` has this result code.",
  })
  failureCode!: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "With this total or more. Only for stores with the same currency.",
  })
  amountFrom!: Decimal | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "With this total or less. Only for stores with the same currency.",
  })
  amountTo!: Decimal | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Created at this time or later." })
  createdFrom!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Created before this time." })
  createdBefore!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Decided at this time or later." })
  resolvedFrom!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Decided before this time." })
  resolvedBefore!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: "UNKNOWN for more seconds than this, by the database's clock.",
  })
  inDoubtLongerThanSeconds!: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True: only those with `discrepancies`. False: only those without.",
  })
  hasDiscrepancies!: boolean | null;
}

@InputType("CancellationOrder", { description: "How to sort a history. Newest first by default." })
export class CancellationOrderType implements HistoryOrder {
  @Field(() => CancellationOrderField, { description: "What to sort by." })
  field!: HistoryOrder["field"];

  @Field(() => OrderDirection, { description: "Which end comes first." })
  direction!: HistoryOrder["direction"];
}

export const DEFAULT_PAGE_SIZE = 20;
/** More would let one query read without bounds. */
export const MAX_PAGE_SIZE = 100;

@ArgsType()
export class PageArgs {
  @Field(() => CancellationOrderType, {
    nullable: true,
    description: "How to sort; newest first by default.",
  })
  orderBy?: CancellationOrderType | null;

  @Field(() => Int, {
    nullable: true,
    description: "How many to return from the start, 1 to 100; 20 if neither `first` nor `last` is given.",
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: "Only those after this cursor." })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: "How many to return from the end, 1 to 100." })
  last?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Only those before this cursor. To follow new cancellations, sort ascending and use `after`: with the newest first, one that is recorded late can land behind a cursor that you already have.",
  })
  before?: string | null;
}

/** @throws InvalidArgumentError for a size out of range, a cursor of another origin or order, and contradictory arguments. */
export function toWindow(args: PageArgs, cursors: Cursors): HistoryWindow {
  const { first, after, last, before } = args;
  const order = args.orderBy ?? NEWEST_FIRST;
  const backward = given(last) || given(before);
  if (backward && (given(first) || given(after))) {
    throw new InvalidArgumentError("first, last", "`first` and `after`, or `last` and `before`", "both");
  }
  const [sizeName, size, cursorName, cursor] = backward
    ? (["last", last, "before", before] as const)
    : (["first", first, "after", after] as const);
  return {
    order,
    direction: backward ? "backward" : "forward",
    position: given(cursor) ? cursors.decode(cursor, order, cursorName) : null,
    size: given(size) ? checkedSize(sizeName, size) : DEFAULT_PAGE_SIZE,
  };
}

function checkedSize(name: string, size: number): number {
  if (size >= 1 && size <= MAX_PAGE_SIZE) return size;
  throw new InvalidArgumentError(name, `1 to ${MAX_PAGE_SIZE}`, "another number");
}

function given<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
