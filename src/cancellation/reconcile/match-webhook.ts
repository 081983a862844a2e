import { contradictionOf, evidenceFinding, proven } from "../cancel/transitions.js";
import type { OnContradiction } from "../model/cancellation-ledger.js";
import type { Cancellation, Discrepancy } from "../model/cancellation.js";
import { StaleTransitionError } from "../model/errors.js";
import { type Evidence, evidenceInWords } from "../model/outcome.js";
import type { Settlement } from "../model/status.js";
import { CLOCK_TOLERANCE_MS } from "../model/timing.js";
import type {
  EventsLikeIt,
  KeptEvent,
  ReceivedWebhook,
  Told,
  WebhookClaim,
  WebhookConclusion,
  WebhookInbox,
  WebhookKind,
} from "../model/webhook-inbox.js";
import { chooseSettled, isBeforeAsked } from "./choose-settled.js";

/**
 * Stores a webhook, if it is genuine and recent. The reconciler matches it later: EBP gets its answer as soon as nothing can be lost, and a
 * fault in matching never makes EBP send again.
 */
export async function receiveWebhook(
  inbox: WebhookInbox,
  webhook: ReceivedWebhook | null,
): Promise<"stored" | "repeated" | "refused"> {
  if (webhook === null) return "refused";
  const result = await inbox.store(webhook);
  return result === "stale" ? "refused" : result;
}

export interface MatchDependencies {
  readonly inbox: WebhookInbox;
  readonly onContradiction: OnContradiction;
}

/**
 * - matched: it has settled or decided one cancellation.
 * - attached: it fits none, or several; it is kept with them as evidence.
 * - ignored: it changes nothing.
 * - waiting: its cancellation has not appeared, or has no answer of its own yet.
 * - overtaken: somebody else has concluded it meanwhile.
 */
export type MatchResult = "matched" | "attached" | "ignored" | "waiting" | "overtaken";

/** Several events of one order are often claimed together, and each that is concluded moves what the others have read. */
const ATTEMPTS = 10;

/** Finds what a claimed webhook is about, and commits what follows from it. */
export async function matchClaimed(
  dependencies: MatchDependencies,
  claim: WebhookClaim,
): Promise<MatchResult> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      return await matchOnce(dependencies, claim);
    } catch (error) {
      // A cancellation moved in between: it is read again, the last time at the next claim.
      if (!(error instanceof StaleTransitionError)) throw error;
    }
  }
  return "waiting";
}

async function matchOnce(
  { inbox, onContradiction }: MatchDependencies,
  claim: WebhookClaim,
): Promise<MatchResult> {
  const { event, isRepeat, likeIt } = await inbox.read(claim);
  const cancellations = isRepeat ? [] : await inbox.cancellationsOf(event);
  if (cancellations === null) return "waiting";
  const { isLast } = claim;
  const conclusion = isRepeat ? IGNORED : matchWebhook(event, cancellations, { isLast, likeIt });
  if (conclusion === null) return "waiting";
  if (!(await inbox.conclude(claim, conclusion))) return "overtaken";
  for (const told of conclusion.told)
    if ("finding" in told && told.finding.contradicts) onContradiction(told.cancellation, told.finding);
  return RESULTS[conclusion.state];
}

export interface MatchOptions {
  /** No further attempt is planned. */
  readonly isLast?: boolean;
  readonly likeIt?: EventsLikeIt;
}

/**
 * What follows from a webhook for the cancellations of its order that existed when it came in; null while that cannot be told yet. It decides
 * a cancel in doubt only if it can be about no other: same order, amount and currency, and no other like it. It settles one of several that
 * succeeded, since EBP names none, and says that this is assumed. Otherwise it is evidence, and decides nothing. It waits for a PENDING
 * cancel, whose own answer may be a rejection.
 */
export function matchWebhook(
  event: KeptEvent,
  cancellations: readonly Cancellation[],
  { isLast = false, likeIt = NONE_LIKE_IT }: MatchOptions = {},
): WebhookConclusion | null {
  const settlement = SETTLEMENT_OF[event.kind];
  if (settlement === null || event.orderNo === null) return IGNORED;
  if (cancellations.some(({ status }) => status === "PENDING")) return null;
  const possible = cancellations.filter((one) => isForTheSame(one, event) && mayBeMeant(one));
  const decided = decideDoubt(event, settlement, possible) ?? settle(event, settlement, possible, likeIt);
  if (decided !== null) return { state: "MATCHED", told: [decided] };
  const told = toldTo(event, cancellations, possible, isLast);
  return told.length === 0 ? null : { state: "ATTACHED", told };
}

/** What it decides of a cancel in doubt: nothing is ever assumed about whether money moved. */
function decideDoubt(
  event: KeptEvent,
  settlement: Settlement,
  possible: readonly Cancellation[],
): Told | null {
  const [only, ...more] = possible;
  if (only?.status !== "UNKNOWN" || more.length > 0 || whyNoProof(event, only) !== null) return null;
  const how = { settlement, refundedAt: refundedAtOf(event) };
  return { cancellation: only, transition: proven("WEBHOOK", evidenceOf(event, FITS_ONE), how) };
}

/** What it settles of the cancels that succeeded. With one in doubt among them, it may be about that. */
function settle(
  event: KeptEvent,
  settlement: Settlement,
  possible: readonly Cancellation[],
  likeIt: EventsLikeIt,
): Told | null {
  if (!event.isOfSuccess || possible.some(({ status }) => status === "UNKNOWN")) return null;
  const chosen = chooseSettled(event, settlement, possible, likeIt);
  if (chosen === null) return null;
  const { cancellation, candidates, isLate } = chosen;
  const words = candidates === 1 ? FITS_ONE : `fits ${candidates} cancels of this order, ${ASSUMED}`;
  const late = isLate ? ", after its refund, and changes nothing" : "";
  const evidence = evidenceFinding("WEBHOOK", evidenceOf(event, words + late));
  const settled = { ...evidence, settlement, refundedAt: refundedAtOf(event) };
  return { cancellation, finding: isLate ? evidence : settled };
}

const NONE_LIKE_IT: EventsLikeIt = { alreadyMatched: new Set(), waiting: [] };
const FITS_ONE = "fits this cancel of the order, and no other";
const ASSUMED = "and is assumed to be about this one";

/** When the refund was carried out; by the time of its event when it does not say so, or of its arrival. */
function refundedAtOf({ kind, refundedAt, eventTime, receivedAt }: KeptEvent): Date | null {
  return kind === "REFUNDED" ? (refundedAt ?? eventTime ?? receivedAt) : null;
}

/** Why an event that has settled or decided nothing proves nothing about the one cancel that it fits; null when it would prove it. */
function whyNoProof(event: KeptEvent, { status, createdAt }: Cancellation): string | null {
  if (!event.isOfSuccess) return "says that something went wrong";
  if (status === "FAILED") return "tells of a cancel like this one, which was found to have failed";
  if (status === "SUCCEEDED") return "tells of this cancel once more, or of another that is not known here";
  if (event.storeIds.length !== 1) return "may be about an order of this number in another store";
  if (event.eventTime === null) return "does not say when it happened: it may be about an earlier cancel";
  if (isBeforeAsked(event, createdAt)) return "says that it happened before this cancel was asked for";
  return null;
}

/** The cancels that it is evidence for: UNKNOWN ones, and those it may be about. With none of them, at the last attempt: the newest. */
function toldTo(
  event: KeptEvent,
  cancellations: readonly Cancellation[],
  possible: readonly Cancellation[],
  isLast: boolean,
): Told[] {
  const failed = event.isOfSuccess
    ? cancellations.findLast(
        (one) => wasFoundToHaveFailed(one) || (possible.length === 0 && wasRejectedInSpiteOf(one, event)),
      )
    : undefined;
  const concerned = cancellations.filter(
    (one) => one.status === "UNKNOWN" || possible.includes(one) || one === failed,
  );
  const newest = cancellations.at(-1);
  if (concerned.length === 0 && isLast && newest !== undefined) {
    return [toldAsEvidence(newest, event, "fits no cancel of this order", null)];
  }
  return concerned.map((one) =>
    toldAsEvidence(one, event, wordsFor(event, one, possible), faultOf(event, one, possible)),
  );
}

function wordsFor(event: KeptEvent, one: Cancellation, possible: readonly Cancellation[]): string {
  if (!possible.includes(one)) return "is about this order, but does not fit this cancel's amount";
  if (possible.length > 1) return "may be about this cancel, or about another of this order";
  return whyNoProof(event, one) ?? "may be about this cancel";
}

/** The contradiction that a person has to look at; null when there is none. */
function faultOf(event: KeptEvent, one: Cancellation, possible: readonly Cancellation[]): Discrepancy | null {
  if (one.status === "FAILED") return contradictionOf(one, PROOF);
  if (one.status !== "SUCCEEDED") return null;
  if (!event.isOfSuccess)
    return { field: "event", asked: "a cancel that EBP accepted", confirmed: "an event of failure" };
  const areAllSettled = possible.every(
    ({ status, settlement }) => status === "SUCCEEDED" && settlement !== "AWAITED",
  );
  return areAllSettled
    ? { field: "event", asked: "one event of this cancel", confirmed: "another event like it" }
    : null;
}

function toldAsEvidence(
  cancellation: Cancellation,
  event: KeptEvent,
  words: string,
  discrepancy: Discrepancy | null,
): Told {
  const evidence = evidenceFinding("WEBHOOK", evidenceOf(event, words));
  return discrepancy === null
    ? { cancellation, finding: evidence }
    : { cancellation, finding: { ...evidence, discrepancies: [discrepancy], contradicts: true } };
}

function evidenceOf(event: KeptEvent, words: string): Evidence {
  const { eventType, eventTime, amount, currencyCode, resultCode } = event;
  const of = amount === null ? "of no readable amount" : `of ${amount.toFixed()} ${currencyCode ?? ""}`;
  // Without its digest: the body may name a buyer, and whoever knows the rest of it could try names.
  return {
    ...evidenceInWords(`EBP's event ${eventType ?? "without a type"} ${of.trim()} ${words}.`),
    resultCode,
    timestamp: eventTime?.toISOString() ?? null,
  };
}

function isForTheSame({ totalCancelAmount, currencyCode }: Cancellation, event: KeptEvent): boolean {
  return event.amount?.equals(totalCancelAmount) === true && event.currencyCode === currencyCode;
}

/** An event cannot be about a cancel that EBP rejected or never got. */
function mayBeMeant(one: Cancellation): boolean {
  return one.status !== "FAILED" || wasFoundToHaveFailed(one);
}

/** FAILED by a lookup or an operator, which may be wrong; not by EBP's own answer. */
function wasFoundToHaveFailed({ status, failureKind }: Cancellation): boolean {
  return status === "FAILED" && failureKind === "NOT_CANCELLED";
}

/** An event from before EBP's rejection contradicts it. One from afterwards is about another cancel, made elsewhere. */
function wasRejectedInSpiteOf(one: Cancellation, event: KeptEvent): boolean {
  if (one.status !== "FAILED" || one.resolvedAt === null || !isForTheSame(one, event)) return false;
  const happened = (event.eventTime ?? event.receivedAt).getTime();
  return happened <= one.resolvedAt.getTime() + CLOCK_TOLERANCE_MS;
}

const SETTLEMENT_OF: Readonly<Record<WebhookKind, Settlement | null>> = {
  VOIDED: "VOIDED",
  REFUND_REQUESTED: "REFUND_REQUESTED",
  REFUNDED: "REFUNDED",
  CAPTURED: null,
  OTHER: null,
};

/** What an event of a successful cancel proves. */
const PROOF = { to: "SUCCEEDED", source: "WEBHOOK" } as const;

const IGNORED: WebhookConclusion = { state: "IGNORED", told: [] };

const RESULTS = { MATCHED: "matched", ATTACHED: "attached", IGNORED: "ignored" } as const;
