import { Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import { Decimal } from "../../cancellation/model/decimal.js";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import type { GraphQLContext } from "../context.js";
import { DecimalScalar } from "../types/decimal.scalar.js";
import {
  OrderCancellationConnectionType,
  OrderCancellationEdgeType,
} from "../types/order-connection.type.js";

/** What costs a query of its own is computed only when asked for. */
@Resolver(() => OrderCancellationConnectionType)
export class OrderConnectionResolver {
  constructor(private readonly history: CancellationHistory) {}

  @FieldResolver(() => Int, {
    description: "How many cancellations the order has in all; counted only when asked for.",
  })
  totalCount(@Root() { query }: OrderCancellationConnectionType): Promise<number> {
    return this.history.count(query.filter, query.window.order);
  }
}

@Resolver(() => OrderCancellationEdgeType)
export class OrderEdgeResolver {
  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    description:
      "The order's cancelled total once this cancel had succeeded: this one, and those that were decided before it (`resolvedAt`, then `id`). Null for one that has not SUCCEEDED.",
  })
  async cancelledTotalAfter(
    @Root() { node }: OrderCancellationEdgeType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<Decimal | null> {
    // Read after the page: of one that has succeeded in between, the page does not say so yet.
    if (node.status !== "SUCCEEDED") return null;
    return loaders().runningTotals(node.storeId, node.orderNo).load(node.id);
  }
}
