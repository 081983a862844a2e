/** A page of the history, with all that says where it stands. */
export const HISTORY_PAGE = `query ($filter: CancellationFilter, $orderBy: CancellationOrder, $first: Int, $after: String, $last: Int, $before: String) {
  cancellations(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    edges { cursor node { id orderNo } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
