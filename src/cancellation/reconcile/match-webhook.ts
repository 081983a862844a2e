import { contradictionOf, evidenceFinding, proven } from "../cancel/transitions.js";
import type { OnContradiction } from "../model/cancellation-ledger.js";
import type { Cancellation, Discrepancy } from "../model/cancellation.js";
import { StaleTransitionError } from "../model/errors.js";
import { type Evidence, evidenceInWords } from "../model/outcome.js";
import type { Settlement } from "../model/status.js";
import { CLOCK_TOLERANCE_MS } from "../model/timing.js";
import type {
  KeptEvent,
  ReceivedWebhook,
  Told,
  WebhookClaim,
  WebhookConclusion,
  WebhookInbox,
  WebhookKind,
} from "../model/webhook-inbox.js";

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

/** Finds what a claimed webhook is about, and commits what follows from it. */
export async function matchClaimed(
  { inbox, onContradiction }: MatchDependencies,
  claim: WebhookClaim,
): Promise<MatchResult> {
  const { event, isRepeat } = await inbox.read(claim);
  const cancellations = isRepeat ? [] : await inbox.cancellationsOf(event);
  if (cancellations === null) return "waiting";
  const conclusion = isRepeat ? IGNORED : matchWebhook(event, cancellations, claim.isLast);
  if (conclusion === null) return "waiting";
  try {
    if (!(await inbox.conclude(claim, conclusion))) return "overtaken";
  } catch (error) {
    // A cancellation moved in between: the next attempt reads it again.
    if (error instanceof StaleTransitionError) return "waiting";
    throw error;
  }
  for (const told of conclusion.told)
    if ("finding" in told && told.finding.contradicts) onContradiction(told.cancellation, told.finding);
  return RESULTS[conclusion.state];
}

/**
 * What follows from a webhook for the cancellations of its order that existed when it came in; null while that cannot be told yet. It settles
 * or decides a cancel only if it can be about no other: same order, amount and currency, and no other like it. Otherwise it is evidence, and
 * decides nothing. It waits for a PENDING cancel, whose own answer may be a rejection.
 */
export function matchWebhook(
  event: KeptEvent,
  cancellations: readonly Cancellation[],
  isLast = false,
): WebhookConclusion | null {
  const settlement = SETTLEMENT_OF[event.kind];
  if (settlement === null || event.orderNo === null) return IGNORED;
  if (cancellations.some(({ status }) => status === "PENDING")) return null;
  const possible = cancellations.filter((one) => isForTheSame(one, event) && mayBeMeant(one));
  const only = accountsFor(possible);
  if (only !== undefined && whyNoProof(event, only) === null)
    return { state: "MATCHED", told: [toldAlone(only, event, settlement)] };
  const told = toldTo(event, cancellations, possible, isLast);
  return told.length === 0 ? null : { state: "ATTACHED", told };
}

/** The only cancel it can be about. Among decided ones: the one that succeeded and is not settled yet. */
function accountsFor(possible: readonly Cancellation[]): Cancellation | undefined {
  if (possible.length === 1) return possible[0];
  if (possible.some(({ status }) => status === "UNKNOWN")) return undefined;
  const [awaited, ...more] = possible.filter(({ settlement }) => settlement === "AWAITED");
  return more.length === 0 ? awaited : undefined;
}

/** Why the event proves nothing about the one cancel that it fits; null when it proves it. */
function whyNoProof(event: KeptEvent, { status, settlement, createdAt }: Cancellation): string | null {
  if (!event.isOfSuccess) return "says that something went wrong";
  if (status === "FAILED") return "tells of a cancel like this one, which was found to have failed";
  // It is known that EBP accepted it: the event only says what became of the money.
  if (status === "SUCCEEDED")
    return settlement === "AWAITED"
      ? null
      : "tells of this cancel once more, or of another that is not known here";
  if (event.storeIds.length !== 1) return "may be about an order of this number in another store";
  if (event.eventTime === null) return "does not say when it happened: it may be about an earlier cancel";
  if (event.eventTime.getTime() + CLOCK_TOLERANCE_MS < createdAt.getTime())
    return "says that it happened before this cancel was asked for";
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
  CAPTURED: null,
  OTHER: null,
};

/** What an event of a successful cancel proves. */
const PROOF = { to: "SUCCEEDED", source: "WEBHOOK" } as const;

const IGNORED: WebhookConclusion = { state: "IGNORED", told: [] };

const RESULTS = { MATCHED: "matched", ATTACHED: "attached", IGNORED: "ignored" } as const;
