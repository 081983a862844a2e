import { Field, ObjectType } from "type-graphql";
import { type Cursors, positionOf } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import type { HistoryPage, HistoryWindow } from "../../cancellation/history/history.js";
import { CancellationType, toCancellationType } from "./cancellation.type.js";

@ObjectType("CancellationEdge", { description: "A cancellation and its place in the history." })
export class CancellationEdgeType {
  @Field(() => String, {
    description:
      "Opaque; for `after` and `before` in the same order. Stays good when more comes in, or personal data of this cancellation are erased.",
  })
  cursor!: string;

  @Field(() => CancellationType, { description: "The cancellation." })
  node!: CancellationType;
}

@ObjectType("PageInfo", { description: "Where a page stands, as the Relay cursor specification has it." })
export class PageInfoType {
  /** The query behind the page, for the side that is looked up only when asked for. */
  query!: HistoryQuery;
  hasMore!: boolean;

  @Field(() => String, { nullable: true, description: "Cursor of the first edge; null on an empty page." })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "Cursor of the last edge; null on an empty page." })
  endCursor!: string | null;
}

@ObjectType("CancellationConnection", { description: "A page of the history." })
export class CancellationConnectionType {
  query!: HistoryQuery;

  @Field(() => [CancellationEdgeType], {
    description: "The cancellations of this page, in the order asked for.",
  })
  edges!: CancellationEdgeType[];

  @Field(() => PageInfoType, { description: "Where this page stands." })
  pageInfo!: PageInfoType;
}

export interface HistoryQuery {
  readonly filter: CancellationFilter;
  readonly window: HistoryWindow;
}

export function toConnection(
  query: HistoryQuery,
  { cancellations, hasMore }: HistoryPage,
  cursors: Cursors,
): CancellationConnectionType {
  const { order } = query.window;
  const edges = cancellations.map((cancellation) => {
    const position = positionOf(cancellation, order);
    if (position === null) throw new Error(`cancellation ${cancellation.id} has no place in its own page`);
    return { cursor: cursors.encode(position, order), node: toCancellationType(cancellation) };
  });
  const pageInfo = {
    query,
    hasMore,
    startCursor: edges.at(0)?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
  return { query, edges, pageInfo };
}
