const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The durations of the protocol. They follow from two settings. */
export interface Timing {
  /** How long after its intent was handed over a cancel may begin to be sent. */
  readonly sendWithinMs: number;
  /** How long a sender or a lookup holds the cancellation exclusively. */
  readonly leaseMs: number;
  /** EBP carries out a cancel within this time, or never. */
  readonly settlingMs: number;
}

/**
 * A third of the lease to begin to send, a third for EBP to answer, a third to store the answer: a process whose lease has expired can no
 * longer begin to send.
 */
export function timingOf(upstreamTimeoutMs: number, settlingMs: number): Timing {
  return { sendWithinMs: upstreamTimeoutMs, leaseMs: 3 * upstreamTimeoutMs, settlingMs };
}

/**
 * The delay of each lookup after the one before; the first counts from the moment the cancellation became UNKNOWN. Most are time-outs that
 * EBP finishes within seconds. What is still open after hours waits for a person or a repair at EBP, and one lookup a day is cheap. After a
 * month it is left to an operator.
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
 * The delay of each attempt to match a webhook after the one before. A webhook often overtakes EBP's own answer, by seconds, or by as long as
 * the answer cannot be stored. One that fits nothing after some days is about a cancel made elsewhere.
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

/** How far EBP's clock may be off from the database's. */
export const CLOCK_TOLERANCE_MS = MINUTE;
/** A signature older or newer than this is refused: it is replayed, or its clock is wrong. EBP prescribes the value. */
export const SIGNATURE_TOLERANCE_MS = 5 * MINUTE;

/**
 * How long after the settling time the deciding lookup comes. By then the process that makes it has itself seen the cancellation UNKNOWN for
 * the settling time, by its own clock.
 */
export const SETTLED_LOOK_MARGIN_MS = 15 * SECOND;
