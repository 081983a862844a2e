/** Of an even number of them, the mean of the two in the middle. */
export function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Median, least and most; null where any of them could not be measured. */
export function spread(numbers) {
  if (numbers.length === 0 || !numbers.every(Number.isFinite)) return null;
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/** Round by round, what one did beside another in the same one; then the middle of that. */
export function ratios(ones, others) {
  return spread(ones.map((one, i) => one / others[i]));
}
