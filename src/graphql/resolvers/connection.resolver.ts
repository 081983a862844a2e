import { Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import type { CancellationHistory, HistoryWindow } from "../../cancellation/history/history.js";
import type { Decimal } from "../../cancellation/model/decimal.js";
import type { GraphQLContext } from "../context.js";
import { COUNT_POINTS, QUERY_POINTS } from "../plugins/limits.js";
import {
  CancellationConnectionType,
  OrderCancellationConnectionType,
  OrderCancellationEdgeType,
  PageInfoType,
} from "../types/connection.type.js";
import { DecimalScalar } from "../types/decimal.scalar.js";

/** These fields cost a query each, so they are read only if they are selected. */
@Resolver(() => CancellationConnectionType)
export class CancellationConnectionResolver {
  constructor(private readonly history: CancellationHistory) {}

  @FieldResolver(() => Int, {
    complexity: COUNT_POINTS,
    description: "The number of cancellations on all pages. Slower than a page, so select it only if needed.",
  })
  totalCount(@Root() { query }: CancellationConnectionType): Promise<number> {
    return this.history.count(query.filter, query.window.order);
  }
}

@Resolver(() => PageInfoType)
export class PageInfoResolver {
  constructor(private readonly history: CancellationHistory) {}

  @FieldResolver(() => Boolean, {
    complexity: QUERY_POINTS,
    description: "Whether there are more after this page.",
  })
  hasNextPage(@Root() page: PageInfoType): Promise<boolean> {
    return this.hasBeyond(page, "forward");
  }

  @FieldResolver(() => Boolean, {
    complexity: QUERY_POINTS,
    description: "Whether there are more before this page.",
  })
  hasPreviousPage(@Root() page: PageInfoType): Promise<boolean> {
    return this.hasBeyond(page, "backward");
  }

  /** The page itself knows about the direction it was read in; in the other direction, look beyond the cursor it began at. */
  private async hasBeyond(
    { query, hasMore }: PageInfoType,
    side: HistoryWindow["direction"],
  ): Promise<boolean> {
    const { order, direction, position } = query.window;
    if (side === direction) return hasMore;
    return this.history.existsFrom(query.filter, { order, direction: side, position });
  }
}

@Resolver(() => OrderCancellationConnectionType)
export class OrderConnectionResolver {
  constructor(private readonly history: CancellationHistory) {}

  @FieldResolver(() => Int, {
    complexity: QUERY_POINTS,
    description: "The number of cancellations of this order on all pages.",
  })
  totalCount(@Root() { query }: OrderCancellationConnectionType): Promise<number> {
    return this.history.count(query.filter, query.window.order);
  }
}

@Resolver(() => OrderCancellationEdgeType)
export class OrderEdgeResolver {
  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    complexity: QUERY_POINTS,
    description:
      "The order's cancelled total right after this cancel: the sum of this one and those decided before it (`resolvedAt`, then `id`). Null unless it has SUCCEEDED.",
  })
  async cancelledTotalAfter(
    @Root() { node }: OrderCancellationEdgeType,
    @Ctx() { loaders }: GraphQLContext,
  ): Promise<Decimal | null> {
    // The totals are read after the page, so they may count a cancel that the page does not show as SUCCEEDED yet.
    if (node.status !== "SUCCEEDED") return null;
    return loaders().runningTotals(node.storeId, node.orderNo).load(node.id);
  }
}
