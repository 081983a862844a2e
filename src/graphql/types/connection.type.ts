import { Field, ObjectType } from "type-graphql";
import { positionOf, type Cursors } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import type { HistoryPage, HistoryWindow } from "../../cancellation/history/history.js";
import { CancellationType } from "./cancellation.type.js";
import { NullableField } from "./nullable-field.js";

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
  return { query, edges, pageInfo };
}
