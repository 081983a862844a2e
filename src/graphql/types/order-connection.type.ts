import { Field, ObjectType } from "type-graphql";
import { CancellationEdgeType, PageInfoType, type HistoryQuery } from "./connection.type.js";

@ObjectType("OrderCancellationEdge", {
  description: "A cancellation and its place among those of its order.",
})
export class OrderCancellationEdgeType extends CancellationEdgeType {}

@ObjectType("OrderCancellationConnection", { description: "A page of the cancellations of one order." })
export class OrderCancellationConnectionType {
  /** The query behind the page. */
  query!: HistoryQuery;

  @Field(() => [OrderCancellationEdgeType], {
    description: "The cancellations of this page, in the order asked for.",
  })
  edges!: OrderCancellationEdgeType[];

  @Field(() => PageInfoType, { description: "Where this page stands." })
  pageInfo!: PageInfoType;
}
