import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../model/caller.js";
import type { Cancellation, CancellationReader, KnownCancellation } from "../model/cancellation.js";
import { chooseStore } from "../request/choose-store.js";
import type { CancelPaymentInput, CancelRequest, RequestIdentity } from "../model/cancel-request.js";
import type { CancelIntent, CancellationLedger, IntentResult } from "../model/cancellation-ledger.js";
import {
  BusyError,
  InvalidArgumentError,
  KeyNotReadError,
  NothingSentError,
  SendingHeldError,
} from "../model/errors.js";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "../model/limits.js";
import { evidenceInWords } from "../model/outcome.js";
import type { Language, PaymentGateway, SendWindow, SentCancel } from "../model/payment-gateway.js";
import type { Stores } from "../model/store.js";
import type { Timing } from "../model/timing.js";
import { errorsOf, inProgress, keyReused, totalChanged, type UserError } from "../model/user-error.js";
import { checkRequest, normalise } from "../request/check-request.js";
import { textFaults } from "../request/field-rules.js";
import { fingerprint, isSameRequest } from "../request/same-request.js";
import { type OutcomeRecorderParts, recordOutcome, withdrawIntent } from "./record-outcome.js";
import { type SentRecord, sentRecord } from "./sent-record.js";
import { concludeFromResponse } from "./transitions.js";

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

/** A connection that was cut is followed by a good one at once, or by none for longer than a caller waits. */
const ATTEMPTS = 3;

const PAUSE_MS = 50;

/**
 * Commits the intent. When an attempt ends without an acknowledgement, the next finds out whether it was committed: the row it
 * then meets carries the id that only this call knows, so this call, and nobody else, sends it. Where there is no connection to be
 * had, there is none for a next attempt either.
 * @param withdraw told when an attempt that was cut off may still be committed, and will not be sent: by the time a later one is refused, the
 * first may be waiting for a lock.
 * @throws NothingSentError when that could not be found out.
 * @throws SendingHeldError while no cancel may be sent.
 */
export async function recordIntent(
  ledger: CancellationLedger,
  intent: CancelIntent,
  window: SendWindow,
  withdraw: () => void,
): Promise<IntentResult> {
  let mayBeStored = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result = await ledger.recordIntent(intent);
      const isOurs = result.kind === "keyUsed" && result.cancellation.id === intent.id;
      if (isOurs) return { kind: "recorded", cancellation: result.cancellation };
      if (mayBeStored && result.kind !== "recorded") withdraw();
      return result;
    } catch (error) {
      if (error instanceof SendingHeldError) {
        if (mayBeStored) withdraw();
        throw error;
      }
      const isBusy = error instanceof BusyError;
      mayBeStored ||= !isBusy;
      if (isBusy || attempt >= ATTEMPTS || !window.isOpen()) {
        if (mayBeStored) withdraw();
        throw new NothingSentError(intent.request.orderNo, error);
      }
      await delay(PAUSE_MS * attempt);
    }
  }
}

/** Two clocks that are read together: neither alone sees every pause. */
export interface Clock {
  /** Milliseconds that never go back; stands still while the machine is suspended. */
  monotonicMs(): number;
  /** Milliseconds of the wall clock; goes on during a suspension, and jumps when it is set. */
  wallMs(): number;
}

export function openSendWindow(clock: Clock, lengthMs: number): SendWindow {
  const opened = { monotonic: clock.monotonicMs(), wall: clock.wallMs() };
  return {
    isOpen: () =>
      clock.monotonicMs() - opened.monotonic < lengthMs && clock.wallMs() - opened.wall < lengthMs,
  };
}

export interface FindKnownParts {
  readonly stores: Stores;
  readonly history: Pick<CancellationReader, "findRequestByKey">;
}

/**
 * The cancellation that this key stands for already, whatever is wrong with the rest of the request now; null when there is none, or the
 * key or the store cannot be one.
 * @throws KeyNotReadError when that cannot be told now.
 */
export async function findKnown(
  { stores, history }: FindKnownParts,
  caller: Caller,
  input: CancelPaymentInput,
): Promise<(KnownCancellation & { readonly request: CancelRequest }) | null> {
  // Not as a key is judged now: it may have been used when the rule was another.
  if (textFaults("", input.idempotencyKey, MAX_IDEMPOTENCY_KEY_LENGTH).length > 0) return null;
  const store = storeOf(stores, caller, input);
  if (store === null) return null;
  const found = await history.findRequestByKey(store.id, input.idempotencyKey).catch((error: unknown) => {
    throw new KeyNotReadError(error);
  });
  return found === null ? null : { ...found, request: normalise(input, store) };
}

function storeOf(
  stores: Stores,
  caller: Caller,
  { storeId }: CancelPaymentInput,
): ReturnType<typeof chooseStore> | null {
  try {
    return chooseStore(caller, stores, storeId, "input.storeId");
  } catch (error) {
    if (error instanceof InvalidArgumentError) return null;
    throw error;
  }
}
