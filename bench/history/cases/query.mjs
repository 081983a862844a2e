/** What a list of cancellations shows. */
const NODE =
  "id orderNo status settlement totalCancelAmount currencyCode reason requestedBy createdAt resolvedAt";

export const PAGE_SIZE = 20;
export const LIST = listOf("");
export const LIST_WITH_COUNT = listOf("totalCount");

function listOf(more) {
  return `query ($filter: CancellationFilter, $orderBy: CancellationOrder, $first: Int = ${PAGE_SIZE}, $after: String) {
    cancellations(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      ${more} pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { ${NODE} } }
    }
  }`;
}

/** A page of the history, the first one unless `page` says otherwise. */
export function list(name, filter, { orderBy, page } = {}) {
  const of = typeof filter === "function" ? filter : () => filter;
  return {
    name,
    kind: "page",
    query: LIST,
    variables: (facts, run) => ({ filter: of(facts, run), ...(orderBy && { orderBy }) }),
    ...(page && { page }),
  };
}

/** Another one at each run. */
export const nth = (values, run) => values[run % values.length];

const DAY_MS = 24 * 60 * 60_000;

/** So many days before the history ends. */
export function daysBefore({ until }, days) {
  return new Date(until.getTime() - days * DAY_MS).toISOString();
}

/** Amounts are compared within one currency only. */
export const ONE_CURRENCY = ["BENCH-KR", "BENCH-KR-2"];
