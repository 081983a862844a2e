import { GraphQLDateTime } from "graphql-scalars";
import { Field, InputType } from "type-graphql";
import type { CancellationStatus as Status } from "../cancellation/status.js";
import { CancellationOrderField, CancellationStatus, OrderDirection } from "./enums.js";

@InputType("CancellationFilter", { description: "Which cancellations. Every condition given must hold." })
export class CancellationFilterType {
  @Field(() => String, { nullable: true, description: "Only this store; all of the caller's when left out." })
  storeId?: string | null;

  @Field(() => String, { nullable: true, description: "Only this order." })
  orderNo?: string | null;

  @Field(() => [CancellationStatus], { nullable: true, description: "Only these states." })
  status?: Status[] | null;

  @Field(() => String, { nullable: true, description: "Only the one with EBP's id of the return request." })
  returnRequestId?: string | null;

  @Field(() => String, { nullable: true, description: "Only those with a line of this item." })
  itemId?: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Created at this moment or later." })
  createdFrom?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: "Created before this moment." })
  createdBefore?: Date | null;
}

@InputType("CancellationOrder", { description: "The order of a history. Newest first when left out." })
export class CancellationOrderType {
  @Field(() => CancellationOrderField, { description: "What to order by." })
  field!: CancellationOrderField;

  @Field(() => OrderDirection, { description: "Which end comes first." })
  direction!: OrderDirection;
}
