import type { CancelIntent } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import type { CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import type { Caller } from "../model/caller.js";
import { checkRequest } from "../request/check-request.js";
import { concludeFromResponse } from "./conclude.js";
import type { Language, PaymentGateway, SentCancel } from "../model/payment-gateway.js";
import { findKnown, type FindKnownParts } from "./find-known.js";
import { evidenceInWords } from "../model/outcome.js";
import { recordIntent } from "./record-intent.js";
import { recordOutcome, type OutcomeRecorderParts } from "./record-outcome.js";
import { fingerprint, isSameRequest, type RequestIdentity } from "../request/same-request.js";
import { openSendWindow, type Clock, type SendWindow } from "./send-window.js";
import type { Timing } from "../model/timing.js";
import { sentRecord, type SentRecord } from "./sent-record.js";
import { withdrawIntent } from "./withdraw-intent.js";
import { errorsOf, inProgress, keyReused, totalChanged, type UserError } from "../model/user-error.js";

export interface CancelPaymentParts extends OutcomeRecorderParts, FindKnownParts {
  readonly gateway: PaymentGateway;
  readonly timing: Timing;
  readonly clock: Clock;
  /** A new UUIDv7. */
  readonly newId: () => string;
  /** Told of each cancel right before it is sent: what it does is done when it returns. */
  readonly onSend: (sent: SentRecord) => void;
  /** Told when sending, or saying that nothing was sent, failed through a fault of ours; the cancellation may then be in doubt. */
  readonly onFault: (error: unknown, cancellationId: string) => void;
}

export interface CancelPaymentResult {
  /** Null when no cancellation stands for this request. */
  readonly cancellation: Cancellation | null;
  /** True when this key had been used before with the same request. */
  readonly replayed: boolean;
  readonly errors: readonly UserError[];
}

/**
 * Cancels a payment, moving money at most once per idempotency key:
 * check, commit the intent, send once, commit what the answer proves.
 * @throws NothingSentError when the intent could not be committed.
 * @throws KeyNotReadError when what the key stands for cannot be read.
 * @throws SendingHeldError while no cancel may be sent; nothing of this one is stored.
 */
export async function cancelPayment(
  parts: CancelPaymentParts,
  caller: Caller,
  input: CancelPaymentInput,
  language: Language,
): Promise<CancelPaymentResult> {
  const checked = checkRequest(input, caller, parts.stores);
  // Judged by what holds now, which may be another rule than when its key was first used: then it was sent, or not, and stays so.
  if (!checked.ok) return (await known(parts, caller, input)) ?? refused(checked.errors);

  const { request, store } = checked;
  const requestedBy = caller.subject;
  const intent = { id: parts.newId(), store, request, fingerprint: fingerprint(request), requestedBy };
  const recording = { storeId: store.id, id: intent.id, orderNo: request.orderNo, step: null };
  return parts.recordings.track(recording, carryOut(parts, intent, language));
}

async function carryOut(
  parts: CancelPaymentParts,
  intent: CancelIntent,
  language: Language,
): Promise<CancelPaymentResult> {
  const { request } = intent;
  const window = openSendWindow(parts.clock, parts.timing.sendWithinMs);
  const recorded = await recordIntent(parts.ledger, intent, window, () => {
    void withdrawIntent(parts, intent).catch((fault: unknown) => parts.onFault(fault, intent.id));
  });
  switch (recorded.kind) {
    case "recorded":
      return standing(await sendOnce(parts, intent, recorded.cancellation, language, window), false);
    case "keyUsed":
      return repeat(parts, request, recorded.cancellation, recorded.identity);
    case "orderBusy":
      return refused([inProgress(recorded.blocking, request.orderNo)]);
    case "totalChanged":
      return refused([totalChanged(request, recorded.actual)]);
  }
}

async function sendOnce(
  parts: CancelPaymentParts,
  intent: CancelIntent,
  pending: Cancellation,
  language: Language,
  window: SendWindow,
): Promise<Cancellation> {
  parts.onSend(sentRecord(intent, pending));
  const sent = await parts.gateway
    .cancel(intent.request, language, window)
    .catch((error: unknown): SentCancel => {
      parts.onFault(error, intent.id);
      return inDoubtThroughOurFault;
    });
  return recordOutcome(parts, pending, concludeFromResponse(intent, sent));
}

/** What stands for its key, of a request that cannot be accepted now; null when nothing does. */
async function known(
  parts: CancelPaymentParts,
  caller: Caller,
  input: CancelPaymentInput,
): Promise<CancelPaymentResult | null> {
  const found = await findKnown(parts, caller, input);
  return found === null ? null : repeat(parts, found.request, found.cancellation, found.identity);
}

async function repeat(
  parts: CancelPaymentParts,
  request: CancelRequest,
  first: Cancellation,
  identity: RequestIdentity,
): Promise<CancelPaymentResult> {
  if (!isSameRequest(request, identity)) return refused([keyReused(first)]);
  const now = first.status === "PENDING" ? await parts.ledger.awaitOutcome(first, parts.waitMs) : first;
  return standing(now, true);
}

function standing(cancellation: Cancellation, replayed: boolean): CancelPaymentResult {
  return { cancellation, replayed, errors: errorsOf(cancellation) };
}

function refused(errors: readonly UserError[]): CancelPaymentResult {
  return { cancellation: null, replayed: false, errors };
}

/** A fault of ours while sending proves nothing about the money. */
const inDoubtThroughOurFault: SentCancel = {
  sentAgoMs: null,
  outcome: {
    kind: "unknown",
    failure: { resultCode: null, message: "a fault inside this service while sending", details: [] },
    evidence: evidenceInWords("a fault inside this service while sending proves nothing"),
  },
};
