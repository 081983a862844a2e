import { ask } from "./ask.mjs";
import { PAGE_SIZE } from "./cases/query.mjs";

const STRIDE = 100;
/** A thousand requests take a tenth of it where no page takes longer the deeper it lies. */
const WALK_MS = 120_000;
const CURSORS = `query ($filter: CancellationFilter, $orderBy: CancellationOrder, $first: Int, $after: String) {
  cancellations(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { pageInfo { endCursor hasNextPage } }
}`;

/**
 * The cursor after which a page begins, found as a reader would: page after page, though of more at once. In a history without that page,
 * one near its end that has a full page after it.
 */
export async function cursorBefore(service, page, variables, interrupted) {
  const giveUp = performance.now() + WALK_MS;
  let left = (page - 1) * PAGE_SIZE;
  let [before, after] = [null, null];
  while (left > 0) {
    if (performance.now() > giveUp) throw new Error(`page ${page} was not reached in ${WALK_MS / 1_000} s`);
    const first = Math.min(STRIDE, left);
    const { data } = await ask(service, CURSORS, { ...variables, first, after }, interrupted);
    const { endCursor, hasNextPage } = data.cancellations.pageInfo;
    // What comes after the last cursor may be less than a page.
    if (!hasNextPage) return before;
    [before, after] = [after, endCursor];
    left -= first;
  }
  return after;
}
