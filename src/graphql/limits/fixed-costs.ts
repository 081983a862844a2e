/**
 * In points, by `Type.field`: what costs far more than one query of the database, instead of that. What is asked of each object of it
 * is counted besides.
 */
export const FIXED_COSTS: ReadonlyMap<string, number> = new Map([
  // Reads every row that it sums up: up to a second of a processor, where a page takes a few milliseconds. Two fit into a document.
  ["Query.cancellationStats", 450],
]);
