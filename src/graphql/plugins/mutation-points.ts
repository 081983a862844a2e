/** How many mutations of a caller's limit each counts as. */
const POINTS: Readonly<Record<string, number>> = {
  cancelPayment: 1,
  // A query, but it answers what `cancelPayment` would.
  cancelPaymentPreview: 1,
  // It asks EBP, each time, and nobody has to hurry: what is in doubt is looked at by itself.
  refreshCancellation: 10,
  // Its answer tells whether a note holds the refund account, so guessing must be slow; a person decides a few in a minute.
  resolveCancellation: 10,
};

/** A key that is used again for another request, besides: who knows all of a request but its refund account could guess that one. */
export const WRONG_GUESS_POINTS = 10;

/** A mutation that nobody has thought about counts as the dearest; a query as none. */
export function mutationPoints(name: string, isMutation: boolean): number {
  const known = Object.hasOwn(POINTS, name) ? POINTS[name] : undefined;
  return known ?? (isMutation ? Math.max(...Object.values(POINTS)) : 0);
}
