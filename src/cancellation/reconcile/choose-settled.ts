import type { Cancellation } from "../model/cancellation.js";
import { SETTLED_FROM, type Settlement } from "../model/status.js";
import { CLOCK_TOLERANCE_MS } from "../model/timing.js";
import type { EventsLikeIt, KeptEvent } from "../model/webhook-inbox.js";

export interface ChosenSettled {
  readonly cancellation: Cancellation;
  /** How many cancels the event may be about: with more than one, the choice is assumed. */
  readonly candidates: number;
  /** It is the request of a refund that has been carried out: it changes nothing. */
  readonly isLate: boolean;
}

/**
 * Which cancel an event settles, of those that succeeded and that it fits; null when none is left for it. Events name no cancel, come in any
 * order, and a request may be skipped. So each event counts for one cancel: as many are settled as there are events.
 *
 * The oldest is chosen. Before it come those whose other event has come: a refund that was requested is carried out before another, and a
 * request may be that of a refund carried out before the request came. So the order of arrival does not change how many are REFUNDED.
 */
export function chooseSettled(
  event: KeptEvent,
  settlement: Settlement,
  possible: readonly Cancellation[],
  { alreadyMatched, waiting }: EventsLikeIt,
): ChosenSettled | null {
  const refunded = possible.filter((one) => lacksItsRequest(event, one) && !alreadyMatched.has(one.id));
  const late = refunded.filter(({ refundedAt }) => !isAfterRefund(event, refundedAt));
  const allOpen = possible.filter((one) => maySettle(one, settlement));
  const inTime = allOpen.filter(({ createdAt }) => !isBeforeAsked(event, createdAt));
  const open = inTime.length > 0 ? inTime : allOpen;
  const likely = [...late, ...open];
  const candidates = likely.length > 0 ? likely : refunded;
  const cancellation = preferred(leftBy(waiting, candidates)) ?? preferred(candidates);
  if (cancellation === undefined) return null;
  return { cancellation, candidates: candidates.length, isLate: !open.includes(cancellation) };
}

/** What is left when those that came in before some of the cancels were asked for, and so can be about fewer, have chosen first. */
function leftBy(
  waiting: EventsLikeIt["waiting"],
  candidates: readonly Cancellation[],
): readonly Cancellation[] {
  return waiting
    .filter((ids) => candidates.some(({ id }) => !ids.includes(id)))
    .sort((a, b) => a.length - b.length)
    .reduce((left, ids) => {
      const theirs = preferred(left.filter(({ id }) => ids.includes(id)));
      return left.filter((one) => one !== theirs);
    }, candidates);
}

/** Those whose other event has come before those that still await any, and each oldest first. */
function preferred(candidates: readonly Cancellation[]): Cancellation | undefined {
  const rank = ({ settlement }: Cancellation): number => (settlement === "AWAITED" ? 1 : 0);
  const [first] = [...candidates].sort(
    (a, b) => rank(a) - rank(b) || a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1),
  );
  return first;
}

/** It happened before the cancel was asked for. */
export function isBeforeAsked({ eventTime }: KeptEvent, createdAt: Date): boolean {
  return eventTime !== null && eventTime.getTime() + CLOCK_TOLERANCE_MS < createdAt.getTime();
}

function maySettle({ settlement: from }: Cancellation, to: Settlement): boolean {
  return from !== null && SETTLED_FROM[to].includes(from);
}

function lacksItsRequest({ kind }: KeptEvent, { settlement }: Cancellation): boolean {
  return kind === "REFUND_REQUESTED" && settlement === "REFUNDED";
}

/** It happened after the refund, so it rather asks for another one. */
function isAfterRefund({ eventTime }: KeptEvent, refundedAt: Date | null): boolean {
  if (eventTime === null || refundedAt === null) return false;
  return eventTime.getTime() > refundedAt.getTime() + CLOCK_TOLERANCE_MS;
}
