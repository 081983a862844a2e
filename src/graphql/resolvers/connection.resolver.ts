import { FieldResolver, Int, Resolver, Root } from "type-graphql";
import type { CancellationHistory, HistoryWindow } from "../../cancellation/history/history.js";
import { CancellationConnectionType, PageInfoType } from "../types/connection.type.js";
import { COUNT_POINTS } from "../plugins/limits/limits.js";

/** What costs a query of its own is computed only when asked for. */
@Resolver(() => CancellationConnectionType)
export class CancellationConnectionResolver {
  constructor(private readonly history: CancellationHistory) {}

  @FieldResolver(() => Int, {
    complexity: COUNT_POINTS,
    description:
      "How many there are in all pages; counted only when asked for, which takes longer than a page.",
  })
  totalCount(@Root() { query }: CancellationConnectionType): Promise<number> {
    return this.history.count(query.filter, query.window.order);
  }
}

@Resolver(() => PageInfoType)
export class PageInfoResolver {
  constructor(private readonly history: CancellationHistory) {}

  @FieldResolver(() => Boolean, { description: "Whether there is more after this page." })
  hasNextPage(@Root() page: PageInfoType): Promise<boolean> {
    return this.hasBeyond(page, "forward");
  }

  @FieldResolver(() => Boolean, { description: "Whether there is more before this page." })
  hasPreviousPage(@Root() page: PageInfoType): Promise<boolean> {
    return this.hasBeyond(page, "backward");
  }

  /** The side read towards is known from the page itself; the other begins where the page was asked to begin. */
  private async hasBeyond(
    { query, hasMore }: PageInfoType,
    side: HistoryWindow["direction"],
  ): Promise<boolean> {
    const { order, direction, position } = query.window;
    if (side === direction) return hasMore;
    return this.history.existsFrom(query.filter, { order, direction: side, position });
  }
}
