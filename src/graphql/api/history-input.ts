import { GraphQLDateTime } from "graphql-scalars";
import { ArgsType, Field, ID, InputType, Int } from "type-graphql";
import { NEWEST_FIRST, type Cursors, type HistoryOrder } from "../../cancellation/history/cursors.js";
import type { RequestedFilter } from "../../cancellation/history/filter.js";
import type { HistoryWindow } from "../../cancellation/history/history.js";
import type { Decimal } from "../../cancellation/model/decimal.js";
import { InvalidArgumentError } from "../../cancellation/model/errors.js";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../plugins/limits.js";
import {
  CancellationOrderField,
  CancellationStatus,
  DecimalScalar,
  ItemType,
  NullableField,
  OrderDirection,
  ResolvedBy,
  Settlement,
} from "./leaf-types.js";

/** Required, so that a condition which is forgotten here does not compile. GraphQL leaves out what the caller leaves out. */
type Condition = Required<RequestedFilter>;

@InputType("CancellationFilter", {
  description:
    "Conditions on cancellations; all of them must hold. Conditions that exclude each other are an error.",
})
export class CancellationFilterType implements Condition {
  @NullableField(() => [ID], "Only these stores; all of yours by default.")
  storeIds!: string[] | null;

  @NullableField(() => [CancellationStatus], "Only these statuses.")
  statuses!: Condition["statuses"];

  @NullableField(() => Settlement, "Only those with this `settlement`.")
  settlement!: Condition["settlement"];

  @NullableField(() => ResolvedBy, "Only those decided by evidence from this source.")
  resolvedBy!: Condition["resolvedBy"];

  @NullableField(() => String, "Only this order.")
  orderNo!: string | null;

  @NullableField(() => String, "Only orders whose number begins with this text of at least 3 characters.")
  orderNoPrefix!: string | null;

  @NullableField(() => String, "Only the one with this key; if you search several stores, the one in each.")
  idempotencyKey!: string | null;

  @NullableField(() => String, "Only the one with this id of EBP's return request.")
  returnRequestId!: string | null;

  @NullableField(() => String, "Only the one whose answer from EBP has this tracking id.")
  requestId!: string | null;

  @NullableField(() => String, "Only those with a line of this item.")
  itemId!: string | null;

  @NullableField(
    () => ItemType,
    "Only those with a line of this kind; together with `itemId`, with a line that matches both.",
  )
  itemType!: Condition["itemType"];

  @NullableField(() => String, "Only those with exactly this reason.")
  reason!: string | null;

  @NullableField(() => String, "Only those requested by this caller: the `sub` of its token.")
  requestedBy!: string | null;

  @NullableField(() => String, "Only those whose `failure` has this result code.")
  failureCode!: string | null;

  @NullableField(() => DecimalScalar, "With this total or more. Only for stores with the same currency.")
  amountFrom!: Decimal | null;

  @NullableField(() => DecimalScalar, "With this total or less. Only for stores with the same currency.")
  amountTo!: Decimal | null;

  @NullableField(() => GraphQLDateTime, "Created at this time or later.")
  createdFrom!: Date | null;

  @NullableField(() => GraphQLDateTime, "Created before this time.")
  createdBefore!: Date | null;

  @NullableField(() => GraphQLDateTime, "Decided at this time or later.")
  resolvedFrom!: Date | null;

  @NullableField(() => GraphQLDateTime, "Decided before this time.")
  resolvedBefore!: Date | null;

  @NullableField(() => Int, "UNKNOWN for more seconds than this, by the database's clock.")
  inDoubtLongerThanSeconds!: number | null;

  @NullableField(() => Boolean, "True: only those with `discrepancies`. False: only those without.")
  hasDiscrepancies!: boolean | null;
}

@InputType("CancellationOrder", { description: "How to sort a history. Newest first by default." })
export class CancellationOrderType implements HistoryOrder {
  @Field(() => CancellationOrderField, { description: "What to sort by." })
  field!: HistoryOrder["field"];

  @Field(() => OrderDirection, { defaultValue: "DESC", description: "Which end comes first." })
  direction!: HistoryOrder["direction"];
}

@ArgsType()
export class PageArgs {
  @NullableField(() => CancellationOrderType, "How to sort; newest first by default.")
  orderBy?: CancellationOrderType | null;

  @NullableField(
    () => Int,
    "How many to return from the start, 1 to 100; 20 if neither `first` nor `last` is given.",
  )
  first?: number | null;

  @NullableField(() => String, "Only those after this cursor.")
  after?: string | null;

  @NullableField(() => Int, "How many to return from the end, 1 to 100.")
  last?: number | null;

  @NullableField(
    () => String,
    "Only those before this cursor. To follow new cancellations, sort ascending and use `after`: with the newest first, one that is recorded late can land behind a cursor that you already have.",
  )
  before?: string | null;
}

/** @throws InvalidArgumentError for a size out of range, a cursor of another origin or order, and contradictory arguments. */
export function toWindow(args: PageArgs, cursors: Cursors): HistoryWindow {
  const { first, after, last, before } = args;
  const order = args.orderBy ?? NEWEST_FIRST;
  const backward = given(last) || given(before);
  if (backward && (given(first) || given(after))) {
    throw new InvalidArgumentError({ kind: "bothDirections", field: given(last) ? "last" : "before" });
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
  throw new InvalidArgumentError({ kind: "outOfRange", field: name, min: 1, max: MAX_PAGE_SIZE });
}

function given<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
