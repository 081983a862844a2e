import { IN_DOUBT_FIELDS } from "../helpers/in-doubt.js";

/** What callers ask for, with all that there is about each. */
const PAGE = `totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
  edges { cursor node { ${IN_DOUBT_FIELDS} } }`;
export const HISTORY = `query ($filter: CancellationFilter, $first: Int, $after: String, $last: Int, $before: String, $orderBy: CancellationOrder) {
  cancellations(filter: $filter, first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) { ${PAGE} }
}`;
export const ORDER = `query ($storeId: ID, $orderNo: String!, $after: String) {
  order(storeId: $storeId, orderNo: $orderNo) {
    storeId orderNo currencyCode cancelledTotal inDoubtTotal lines { itemId cancelledAmount inDoubtAmount }
    openCancellation { ${IN_DOUBT_FIELDS} } liveStatus { paymentStatus requestId }
    cancellations(after: $after, first: 2) { ${PAGE} edges { cancelledTotalAfter } }
  }
  orders(storeId: $storeId, orderNos: [$orderNo]) { id storeId cancelledTotal openCancellation { note } }
}`;
export const BY_ID = `query ($id: ID!) {
  cancellation(id: $id) { ${IN_DOUBT_FIELDS} order { id cancelledTotal } } node(id: $id) { id }
}`;
export const BY_KEY = `query ($storeId: ID, $key: String!) {
  cancellationByKey(storeId: $storeId, idempotencyKey: $key) { ${IN_DOUBT_FIELDS} }
}`;
export const STATS = `query ($filter: CancellationFilter, $groupBy: [CancellationGroup!]!) {
  cancellationStats(filter: $filter, groupBy: $groupBy) { storeId itemType reason status periodStart count amount taxAmount }
}`;

/** The stores that an answer names, wherever. */
export function storesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(storesIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === "storeId" && typeof inner === "string" ? [inner] : storesIn(inner),
  );
}

/** In every text of a store's rows, and in no other's. */
export function markOf(storeId: string): string {
  return `seen-only-by-${storeId}`;
}
