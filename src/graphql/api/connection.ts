import { Ctx, Field, FieldResolver, Int, ObjectType, Resolver, Root } from "type-graphql";
import { positionOf, type Cursors } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import type { CancellationHistory, HistoryPage, HistoryWindow } from "../../cancellation/history/history.js";
import type { Decimal } from "../../cancellation/model/decimal.js";
import type { GraphQLContext } from "../context.js";
import { COUNT_POINTS, QUERY_POINTS } from "../plugins/limits.js";
import { CancellationType } from "./cancellation.js";
import { DecimalScalar, NullableField } from "./leaf-types.js";

/** The query behind a page, for what is read only if a caller selects it. */
export interface HistoryQuery {
  readonly filter: CancellationFilter;
  readonly window: HistoryWindow;
}

@ObjectType("CancellationEdge", { description: "A cancellation and its cursor." })
export class CancellationEdgeType {
  @Field(() => String, {
    description:
      "An opaque position for `after` and `before`, with the same `orderBy`. It stays valid when cancellations are added or their personal data is erased.",
  })
  cursor!: string;

  @Field(() => CancellationType, { description: "The cancellation." })
  node!: CancellationType;
}

@ObjectType("PageInfo", { description: "Where a page is, as the Relay cursor specification defines it." })
export class PageInfoType {
  query!: HistoryQuery;
  hasMore!: boolean;

  @NullableField(() => String, "Cursor of the first edge; null on an empty page.")
  startCursor!: string | null;

  @NullableField(() => String, "Cursor of the last edge; null on an empty page.")
  endCursor!: string | null;
}

@ObjectType("CancellationConnection", { description: "A page of the history." })
export class CancellationConnectionType {
  query!: HistoryQuery;

  @Field(() => [CancellationType], { description: "The cancellations of this page, without cursors." })
  nodes!: CancellationType[];

  @Field(() => [CancellationEdgeType], {
    description: "The cancellations of this page, in the requested order.",
  })
  edges!: CancellationEdgeType[];

  @Field(() => PageInfoType, { description: "Where this page is." })
  pageInfo!: PageInfoType;
}

@ObjectType("OrderCancellationEdge", { description: "A cancellation of an order and its cursor." })
export class OrderCancellationEdgeType extends CancellationEdgeType {}

@ObjectType("OrderCancellationConnection", { description: "A page of the cancellations of one order." })
export class OrderCancellationConnectionType {
  query!: HistoryQuery;

  @Field(() => [CancellationType], { description: "The cancellations of this page, without cursors." })
  nodes!: CancellationType[];

  @Field(() => [OrderCancellationEdgeType], {
    description: "The cancellations of this page, in the requested order.",
  })
  edges!: OrderCancellationEdgeType[];

  @Field(() => PageInfoType, { description: "Where this page is." })
  pageInfo!: PageInfoType;
}

export function toConnection(
  query: HistoryQuery,
  { cancellations, hasMore }: HistoryPage,
  cursors: Cursors,
): CancellationConnectionType {
  const { order } = query.window;
  const edges = cancellations.map((node) => {
    const position = positionOf(node, order);
    if (position === null) throw new Error(`encoding the cursor of ${node.id}: it is not in this order`);
    return { cursor: cursors.encode(position, order), node };
  });
  const pageInfo = {
    query,
    hasMore,
    startCursor: edges.at(0)?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
  return { query, nodes: [...cancellations], edges, pageInfo };
}

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
