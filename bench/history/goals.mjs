/** A keyset page takes as long in a history a hundred times as long, save for what a deeper index and a fuller cache cost. */
const MOST_GROWTH = 1.3;
/** Somebody waits for it. */
const MOST_STATS_MS = 1_000;

/** Whether a case keeps to what its kind has to keep to; null when that is nothing, or cannot be said. */
export function keepsGoal({ kind, small, large }) {
  // Sums of nothing would be quick.
  if (kind === "stats") return large.shown > 0 && large.p99 < MOST_STATS_MS;
  if (kind === "page" && small.shown === large.shown) return growthOf({ small, large }) <= MOST_GROWTH;
  return null;
}

export function growthOf({ small, large }) {
  return large.p50 / small.p50;
}

export const GOALS_IN_WORDS = `Goals: no page grows by more than ${MOST_GROWTH}× (p50); stats over a year take less than ${MOST_STATS_MS / 1_000} s (p99).`;
