const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The durations that the protocol rests on. All follow from two settings. */
export interface Timing {
  /** A cancel may begin to be sent for so long after its intent was handed over. */
  readonly sendWithinMs: number;
  /** How long whoever sends or looks up has the cancellation to itself. */
  readonly leaseMs: number;
  /** EBP is taken to carry out a cancel within this time or never. */
  readonly settlingMs: number;
}

/**
 * A third of the lease to begin to send, a third for EBP to answer, a third to store what it answered: whoever holds a lease that
 * has not run out may still be at work, and whoever lost it cannot begin to send any more.
 */
export function timingOf(upstreamTimeoutMs: number, settlingMs: number): Timing {
  return { sendWithinMs: upstreamTimeoutMs, leaseMs: 3 * upstreamTimeoutMs, settlingMs };
}

/**
 * How long after one look at a cancellation in doubt the next is due; the first counts from the moment it came into doubt. Most
 * doubts are time-outs that EBP finishes within seconds; what is still open after hours waits for a person or for EBP's
 * own repairs, and one question a day costs nothing. After a month nobody expects an answer any more: then it is for an operator.
 */
export const LOOKUP_DELAYS_MS: readonly number[] = [
  15 * SECOND,
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  ...Array.from({ length: 30 }, () => DAY),
];

/**
 * How long after one attempt to find a webhook's cancellation the next is due. A webhook often overtakes EBP's own answer, by
 * seconds, or by as long as the answer cannot be stored; one that fits nothing after some days is about a cancel that was not
 * made here.
 */
export const MATCH_DELAYS_MS: readonly number[] = [
  5 * SECOND,
  15 * SECOND,
  MINUTE,
  10 * MINUTE,
  HOUR,
  6 * HOUR,
  DAY,
  DAY,
];

/** How far EBP's clock may be off from the database's when it says when something happened. */
export const CLOCK_TOLERANCE_MS = MINUTE;
/** A signature older or newer than this is refused: it was recorded by somebody, or its clock is wrong. The value is EBP's. */
export const SIGNATURE_TOLERANCE_MS = 5 * MINUTE;

/**
 * So much later than the settling time the look comes that may find that nothing was cancelled: the process that makes it has then seen the
 * doubt for as long by its own clock, having read what is in doubt at least twice since.
 */
export const SETTLED_LOOK_MARGIN_MS = 15 * SECOND;
