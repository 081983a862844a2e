/** How many mutations of a caller's limit each counts as. */
const POINTS: Readonly<Record<string, number>> = {
  cancelPayment: 1,
  // It asks EBP, each time, and nobody has to hurry: what is in doubt is looked at by itself.
  refreshCancellation: 10,
  // Its answer tells whether a note holds the refund account, so guessing must be slow; a person decides a few in a minute.
  resolveCancellation: 10,
};

/** A mutation that nobody has thought about counts as the dearest. */
export function mutationPoints(name: string): number {
  return (Object.hasOwn(POINTS, name) ? POINTS[name] : undefined) ?? Math.max(...Object.values(POINTS));
}
