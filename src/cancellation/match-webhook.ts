import type { CancellationLedger } from "./cancellation-ledger.js";
import type { Cancellation } from "./cancellation.js";
import { proven } from "./conclude.js";
import { StaleTransitionError } from "./errors.js";
import { contradictionOf, evidenceFinding } from "./finding.js";
import { evidenceInWords, type Evidence } from "./outcome.js";
import type { Settlement } from "./status.js";
import { CLOCK_TOLERANCE_MS } from "./timing.js";
import type { WebhookEvent } from "./webhook-event.js";
import type { Told, WebhookClaim, WebhookConclusion, WebhookInbox } from "./webhook-inbox.js";

export interface MatchParts {
  readonly inbox: WebhookInbox;
  /** Told when EBP says that money moved for a cancel that was found to have failed: a person has to look. */
  readonly onContradiction: (
    cancellation: Cancellation,
    proof: Pick<Parameters<CancellationLedger["recordTransition"]>[1], "to" | "source" | "evidence">,
  ) => void;
}

/**
 * - matched: it has settled or decided one cancellation.
 * - attached: it fits none, or several; it stands with them as evidence.
 * - ignored: nothing follows from it.
 * - waiting: its cancellation has not appeared, or its own answer is still to come.
 */
export type MatchResult = "matched" | "attached" | "ignored" | "waiting";

/** Finds what one kept webhook is about, and commits what follows from it. */
export async function matchClaimed(parts: MatchParts, claim: WebhookClaim): Promise<MatchResult> {
  const { inbox, onContradiction } = parts;
  const { event, isRepeat } = await inbox.read(claim);
  const conclusion = isRepeat ? IGNORED : matchWebhook(event, await inbox.cancellationsOf(event));
  if (conclusion === null) return "waiting";
  try {
    if (!(await inbox.conclude(claim, conclusion))) return "ignored";
  } catch (error) {
    // A cancellation moved in between: the next look sees it as it is then.
    if (error instanceof StaleTransitionError) return "waiting";
    throw error;
  }
  for (const { cancellation } of conclusion.told) {
    const proof = { to: "SUCCEEDED", source: "WEBHOOK", evidence: evidenceOf(event, "") } as const;
    if (contradictionOf(cancellation, proof) !== null) onContradiction(cancellation, proof);
  }
  return RESULTS[conclusion.state];
}

/**
 * What follows from a webhook for the cancellations of its order; null while that cannot be told yet. It settles or decides the one
 * cancel that it fits: same order, amount and currency, asked for before the event happened, and not told of by another. It
 * waits for a cancel whose own answer is still to come: that answer may be a rejection.
 */
export function matchWebhook(
  event: WebhookEvent,
  cancellations: readonly Cancellation[],
): WebhookConclusion | null {
  const settlement = SETTLEMENT_OF[event.kind];
  if (settlement === null || event.orderNo === null) return IGNORED;
  const before = cancellations.filter((one) => isAskedForBefore(one, event));
  const fitting = before.filter((one) => isUnsettled(one) && isForTheSame(one, event));
  if (fitting.some(({ status }) => status === "PENDING")) return null;
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) {
    return { state: "MATCHED", told: [toldAlone(only, event, settlement)] };
  }
  if (fitting.length > 1) {
    const words = "fits several cancels of this order: it does not say which";
    return { state: "ATTACHED", told: fitting.map((one) => toldAsEvidence(one, event, words)) };
  }
  return fittingNone(event, before);
}

function fittingNone(event: WebhookEvent, before: readonly Cancellation[]): WebhookConclusion | null {
  const inDoubt = before.filter(({ status }) => status === "UNKNOWN");
  if (inDoubt.length > 0) {
    const words = "is about this order, but does not fit this cancel's amount";
    return { state: "ATTACHED", told: inDoubt.map((one) => toldAsEvidence(one, event, words)) };
  }
  if (before.some(({ status }) => status === "PENDING")) return null;
  const failed = before.filter((one) => one.status === "FAILED" && isForTheSame(one, event)).at(-1);
  if (failed === undefined) return null;
  const words = "tells of a cancel like this one, which was found to have failed";
  return { state: "ATTACHED", told: [toldAsEvidence(failed, event, words)] };
}

function toldAlone(cancellation: Cancellation, event: WebhookEvent, settlement: Settlement): Told {
  const evidence = evidenceOf(event, "fits this cancel of the order, and no other");
  return cancellation.status === "UNKNOWN"
    ? { cancellation, transition: proven("WEBHOOK", evidence, { settlement }) }
    : { cancellation, finding: { ...evidenceFinding("WEBHOOK", evidence), settlement } };
}

function toldAsEvidence(cancellation: Cancellation, event: WebhookEvent, words: string): Told {
  const contradiction = contradictionOf(cancellation, { to: "SUCCEEDED", source: "WEBHOOK" });
  const discrepancies = contradiction === null ? [] : [contradiction];
  return {
    cancellation,
    finding: { ...evidenceFinding("WEBHOOK", evidenceOf(event, words)), discrepancies },
  };
}

function evidenceOf(event: WebhookEvent, words: string): Evidence {
  const { eventType, eventTime, amount, currencyCode, resultCode, digest } = event;
  const of = amount === null ? "of no readable amount" : `of ${amount.toFixed()} ${currencyCode ?? ""}`;
  return {
    ...evidenceInWords(`EBP's event ${eventType ?? "without a type"} ${of.trim()} ${words}.`),
    resultCode,
    timestamp: eventTime?.toISOString() ?? null,
    digest,
  };
}

/** It may still be the one that a webhook tells of. */
function isUnsettled({ status, settlement }: Cancellation): boolean {
  return status === "PENDING" || status === "UNKNOWN" || (status === "SUCCEEDED" && settlement === "AWAITED");
}

function isForTheSame({ request, currencyCode }: Cancellation, event: WebhookEvent): boolean {
  return event.amount?.equals(request.totalCancelAmount) === true && event.currencyCode === currencyCode;
}

/** An event cannot tell of a cancel that nobody had asked for yet. The two times are by two clocks. */
function isAskedForBefore({ createdAt }: Cancellation, { eventTime }: WebhookEvent): boolean {
  return eventTime === null || createdAt.getTime() <= eventTime.getTime() + CLOCK_TOLERANCE_MS;
}

const SETTLEMENT_OF: Readonly<Record<WebhookEvent["kind"], Settlement | null>> = {
  VOIDED: "VOIDED",
  REFUND_REQUESTED: "REFUND_REQUESTED",
  CAPTURED: null,
  OTHER: null,
};
const IGNORED: WebhookConclusion = { state: "IGNORED", told: [] };
const RESULTS = { MATCHED: "matched", ATTACHED: "attached", IGNORED: "ignored" } as const;
