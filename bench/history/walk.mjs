import { ask } from "./ask.mjs";
import { PAGE_SIZE } from "./cases/query.mjs";

const STRIDE = 100;
const CURSORS = `query ($filter: CancellationFilter, $orderBy: CancellationOrder, $first: Int, $after: String) {
  cancellations(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { pageInfo { endCursor hasNextPage } }
}`;

/**
 * The cursor after which a page begins, found as a reader would: page after page, though of more at once. In a history without that page,
 * the last cursor on the way that has a full page after it.
 */
export async function cursorBefore(url, page, variables, interrupted) {
  let left = (page - 1) * PAGE_SIZE;
  let after = null;
  while (left > 0) {
    const first = Math.min(STRIDE, left);
    const { data } = await ask(url, CURSORS, { ...variables, first, after }, interrupted);
    const { endCursor, hasNextPage } = data.cancellations.pageInfo;
    if (!hasNextPage) break;
    after = endCursor;
    left -= first;
  }
  return after;
}
