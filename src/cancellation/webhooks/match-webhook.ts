import type { Cancellation } from "../cancellation.js";
import { proven } from "../cancel/conclude.js";
import { StaleTransitionError } from "../errors.js";
import { contradictionOf, evidenceFinding, type OnContradiction } from "../doubt/finding.js";
import { evidenceInWords, type Evidence } from "../outcome.js";
import type { Settlement } from "../status.js";
import { CLOCK_TOLERANCE_MS } from "../timing.js";
import type { KeptEvent, WebhookKind } from "./webhook-event.js";
import type { Told, WebhookClaim, WebhookConclusion, WebhookInbox } from "./webhook-inbox.js";

export interface MatchParts {
  readonly inbox: WebhookInbox;
  readonly onContradiction: OnContradiction;
}

/**
 * - matched: it has settled or decided one cancellation.
 * - attached: it fits none, or several; it stands with them as evidence.
 * - ignored: nothing follows from it.
 * - waiting: its cancellation has not appeared, or its own answer is still to come.
 * - overtaken: somebody else has dealt with it meanwhile.
 */
export type MatchResult = "matched" | "attached" | "ignored" | "waiting" | "overtaken";

/** Finds what one kept webhook is about, and commits what follows from it. */
export async function matchClaimed(parts: MatchParts, claim: WebhookClaim): Promise<MatchResult> {
  const { inbox, onContradiction } = parts;
  const { event, isRepeat } = await inbox.read(claim);
  const conclusion = isRepeat
    ? IGNORED
    : matchWebhook(event, await inbox.cancellationsOf(event), claim.isLast);
  if (conclusion === null) return "waiting";
  try {
    if (!(await inbox.conclude(claim, conclusion))) return "overtaken";
  } catch (error) {
    // A cancellation moved in between: the next look sees it as it is then.
    if (error instanceof StaleTransitionError) return "waiting";
    throw error;
  }
  for (const told of conclusion.told) {
    if (!("finding" in told) || !told.finding.contradicts) continue;
    onContradiction(told.cancellation, { ...PROOF, evidence: told.finding.evidence });
  }
  return RESULTS[conclusion.state];
}

/**
 * What follows from a webhook for the cancellations of its order; null while that cannot be told yet. It settles or decides the one
 * cancel that it fits: same order, amount and currency, asked for before the event happened, and not told of by another. It
 * waits for a cancel whose own answer is still to come: that answer may be a rejection.
 */
export function matchWebhook(
  event: KeptEvent,
  cancellations: readonly Cancellation[],
  isLast = false,
): WebhookConclusion | null {
  const settlement = SETTLEMENT_OF[event.kind];
  if (settlement === null || event.orderNo === null) return IGNORED;
  const before = cancellations.filter((one) => isAskedForBefore(one, event));
  const [first, ...more] = before.filter((one) => isUnsettled(one) && isForTheSame(one, event));
  if (first === undefined) return fittingNone(event, before, isLast);
  const fitting = [first, ...more];
  if (fitting.some(({ status }) => status === "PENDING")) return null;
  const doubt = more.length > 0 ? "fits several cancels of this order" : doubtAbout(event, first);
  return doubt === null
    ? { state: "MATCHED", told: [toldAlone(first, event, settlement)] }
    : { state: "ATTACHED", told: fitting.map((one) => toldAsEvidence(one, event, doubt)) };
}

/** Why it proves nothing about the one cancel that it fits; null when it does. */
function doubtAbout(event: KeptEvent, { status }: Cancellation): string | null {
  if (!event.isOfSuccess) return "says that something went wrong";
  // That EBP accepted it is known otherwise: then only what became of the money is to be told.
  if (status === "SUCCEEDED") return null;
  if (event.storeIds.length !== 1) return "may be about an order of this number in another store";
  if (event.eventTime === null) return "does not say when it happened: it may be about an earlier cancel";
  return null;
}

function fittingNone(
  event: KeptEvent,
  before: readonly Cancellation[],
  isLast: boolean,
): WebhookConclusion | null {
  const inDoubt = before.filter(({ status }) => status === "UNKNOWN");
  if (inDoubt.length > 0) {
    const words = "is about this order, but does not fit this cancel's amount";
    return { state: "ATTACHED", told: inDoubt.map((one) => toldAsEvidence(one, event, words)) };
  }
  if (before.some(({ status }) => status === "PENDING")) return null;
  const failed = before.findLast((one) => isForTheSame(one, event) && mayHaveBeenWrong(one, event));
  if (failed !== undefined && event.isOfSuccess) {
    const words = "tells of a cancel like this one, which was found to have failed";
    return { state: "ATTACHED", told: [toldAsEvidence(failed, event, words)] };
  }
  const newest = before.at(-1);
  if (!isLast || newest === undefined) return null;
  return { state: "ATTACHED", told: [toldAsEvidence(newest, event, "fits no cancel of this order", false)] };
}

/**
 * A failure that was concluded from what EBP showed may be wrong whenever the event comes. One that EBP stated itself cannot be
 * meant by what happened afterwards: that is another cancel, made elsewhere.
 */
function mayHaveBeenWrong({ status, failureKind, resolvedAt }: Cancellation, event: KeptEvent): boolean {
  if (status !== "FAILED" || resolvedAt === null) return false;
  const happened = (event.eventTime ?? event.receivedAt).getTime();
  return failureKind === "NOT_CANCELLED" || happened <= resolvedAt.getTime() + CLOCK_TOLERANCE_MS;
}

function toldAlone(cancellation: Cancellation, event: KeptEvent, settlement: Settlement): Told {
  const evidence = evidenceOf(event, "fits this cancel of the order, and no other");
  return cancellation.status === "UNKNOWN"
    ? { cancellation, transition: proven("WEBHOOK", evidence, { settlement }) }
    : { cancellation, finding: { ...evidenceFinding("WEBHOOK", evidence), settlement } };
}

function toldAsEvidence(
  cancellation: Cancellation,
  event: KeptEvent,
  words: string,
  isProof = event.isOfSuccess,
): Told {
  const contradiction = isProof ? contradictionOf(cancellation, PROOF) : null;
  const evidence = evidenceFinding("WEBHOOK", evidenceOf(event, words));
  return contradiction === null
    ? { cancellation, finding: evidence }
    : { cancellation, finding: { ...evidence, discrepancies: [contradiction], contradicts: true } };
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

/** It may still be the one that a webhook tells of. */
function isUnsettled({ status, settlement }: Cancellation): boolean {
  return status === "PENDING" || status === "UNKNOWN" || (status === "SUCCEEDED" && settlement === "AWAITED");
}

function isForTheSame({ request, currencyCode }: Cancellation, event: KeptEvent): boolean {
  return event.amount?.equals(request.totalCancelAmount) === true && event.currencyCode === currencyCode;
}

/**
 * An event cannot tell of a cancel that nobody had asked for yet: neither when it came in, which is by the clock that also
 * told when the cancel was asked for, nor when it happened, which is by EBP's.
 */
function isAskedForBefore({ createdAt }: Cancellation, { eventTime, receivedAt }: KeptEvent): boolean {
  if (createdAt.getTime() > receivedAt.getTime()) return false;
  return eventTime === null || createdAt.getTime() <= eventTime.getTime() + CLOCK_TOLERANCE_MS;
}

const SETTLEMENT_OF: Readonly<Record<WebhookKind, Settlement | null>> = {
  VOIDED: "VOIDED",
  REFUND_REQUESTED: "REFUND_REQUESTED",
  CAPTURED: null,
  OTHER: null,
};
/** What every event of a cancel that went well says of the cancel it is about. */
const PROOF = { to: "SUCCEEDED", source: "WEBHOOK" } as const;
const IGNORED: WebhookConclusion = { state: "IGNORED", told: [] };
const RESULTS = { MATCHED: "matched", ATTACHED: "attached", IGNORED: "ignored" } as const;
