import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../model/caller.js";
import type { CancelItem, CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import type { Cancellation, CancellationReader, KnownCancellation } from "../model/cancellation.js";
import type {
  CancelIntent,
  CancellationLedger,
  IntentResult,
  Transition,
} from "../model/cancellation-ledger.js";
import {
  BusyError,
  InvalidArgumentError,
  KeyNotReadError,
  NothingSentError,
  SendingHeldError,
} from "../model/errors.js";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "../model/limits.js";
import { evidenceInWords, failureOf } from "../model/outcome.js";
import type { Language, PaymentGateway, SendWindow, SentCancel } from "../model/payment-gateway.js";
import type { AmountBasis, Stores } from "../model/store.js";
import type { Timing } from "../model/timing.js";
import { errorsOf, inProgress, keyReused, totalChanged, type UserError } from "../model/user-error.js";
import { checkRequest, chooseStore } from "../request/check-request.js";
import { textFaults } from "../request/field-rules.js";
import { fingerprint, isSameRequest, normalise } from "../request/request-fields.js";
import { type OutcomeDependencies, recordOutcome, withdrawIntent } from "./record-outcome.js";
import { concludeFromResponse } from "./transitions.js";

export interface CancelPaymentDependencies extends OutcomeDependencies, KeyDependencies {
  readonly gateway: PaymentGateway;
  readonly timing: Timing;
  readonly clock: Clock;
  /** A new UUIDv7. */
  readonly newId: () => string;
  /** Called with each cancel right before it is sent. What it does is done when it returns. */
  readonly onSend: (sent: SentRecord) => void;
  /** Called with what the send has proven, right before that is stored. */
  readonly onOutcome: (intent: CancelIntent, step: Transition) => void;
  /** Called when a fault inside this service kept it from sending, or from recording that nothing was sent. */
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
 * Cancels a payment, moving money at most once per idempotency key: check, commit the intent, send once, commit what the answer proves.
 * @throws NothingSentError when the intent could not be committed.
 * @throws KeyNotReadError when what the key stands for cannot be read.
 * @throws SendingHeldError while no cancel may be sent; nothing of this one is stored.
 */
export async function cancelPayment(
  dependencies: CancelPaymentDependencies,
  caller: Caller,
  input: CancelPaymentInput,
  language: Language,
): Promise<CancelPaymentResult> {
  const checked = checkRequest(input, caller, dependencies.stores);
  if (!checked.ok) {
    // The rules may have changed since the key was first used: what was sent then stands.
    const known = await findKnown(dependencies, caller, input);
    return known === null ? refused(checked.errors) : replay(dependencies, known.request, known);
  }
  const { request, store } = checked;
  const intent: CancelIntent = {
    id: dependencies.newId(),
    store,
    request,
    fingerprint: fingerprint(request),
    requestedBy: caller.subject,
  };
  const recording = { storeId: store.id, id: intent.id, orderNo: request.orderNo, step: null };
  return dependencies.recordings.track(recording, carryOut(dependencies, intent, language));
}

async function carryOut(
  dependencies: CancelPaymentDependencies,
  intent: CancelIntent,
  language: Language,
): Promise<CancelPaymentResult> {
  const { ledger, gateway, timing, clock, onSend, onOutcome, onFault } = dependencies;
  const { id, request } = intent;

  // 1. Commit the intent, or learn why there may be none.
  const window = openSendWindow(clock, timing.sendWithinMs);
  const recorded = await recordIntent(ledger, intent, window, () => {
    void withdrawIntent(dependencies, intent).catch((fault: unknown) => onFault(fault, id));
  });
  switch (recorded.kind) {
    case "keyUsed":
      return replay(dependencies, request, recorded);
    case "orderBusy":
      return refused([inProgress(recorded.blocking, request.orderNo)]);
    case "totalChanged":
      return refused([totalChanged(request.expectedCancelledTotal ?? recorded.actual, recorded.actual)]);
    case "recorded":
  }

  // 2. Send it, once. Nothing of the database is held meanwhile.
  onSend(sentRecord(intent, recorded.cancellation));
  const sent = await gateway.cancel(request, language, window).catch((fault: unknown): SentCancel => {
    onFault(fault, id);
    return UNKNOWN_THROUGH_OUR_FAULT;
  });

  // 3. Commit what the answer proves.
  const step = concludeFromResponse(intent, sent);
  onOutcome(intent, step);
  return standing(await recordOutcome(dependencies, recorded.cancellation, step), false);
}

/** A fault of ours while sending proves nothing about the money. */
const UNKNOWN_THROUGH_OUR_FAULT: SentCancel = {
  sentAgoMs: null,
  outcome: {
    kind: "unknown",
    failure: failureOf("FAULT_WHILE_SENDING"),
    evidence: evidenceInWords("a fault inside this service while sending proves nothing"),
  },
};

/** Answers a used key: the first request's cancellation, once its outcome is known, or that the key is another request's. */
async function replay(
  { ledger, waitMs }: CancelPaymentDependencies,
  request: CancelRequest,
  { cancellation, identity }: KnownCancellation,
): Promise<CancelPaymentResult> {
  if (!isSameRequest(request, identity)) return refused([keyReused(cancellation)]);
  const isPending = cancellation.status === "PENDING";
  return standing(isPending ? await ledger.awaitOutcome(cancellation, waitMs) : cancellation, true);
}

function standing(cancellation: Cancellation, replayed: boolean): CancelPaymentResult {
  return { cancellation, replayed, errors: errorsOf(cancellation) };
}

function refused(errors: readonly UserError[]): CancelPaymentResult {
  return { cancellation: null, replayed: false, errors };
}

/** A connection that was cut is replaced by a good one at once, or by none for longer than a caller waits. */
const ATTEMPTS = 3;
const PAUSE_MS = 50;

/**
 * Commits the intent. When an attempt ends without an acknowledgement, the next one finds out whether it was committed: the row it then
 * meets carries the id that only this call knows, so this call, and nobody else, sends it. Without a free connection there is no next
 * attempt: it would find none either.
 * @param withdraw called when an attempt that was cut off may still be committed, and will not be sent. By the time a later attempt is
 * refused, the first may be waiting for a lock.
 * @throws NothingSentError when it could not be found out.
 * @throws SendingHeldError while no cancel may be sent.
 */
export async function recordIntent(
  ledger: Pick<CancellationLedger, "recordIntent">,
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
      const isHeld = error instanceof SendingHeldError;
      const isBusy = error instanceof BusyError;
      mayBeStored ||= !isHeld && !isBusy;
      if (isHeld || isBusy || attempt >= ATTEMPTS || !window.isOpen()) {
        if (mayBeStored) withdraw();
        throw isHeld ? error : new NothingSentError(intent.request.orderNo, error);
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
  const [monotonic, wall] = [clock.monotonicMs(), clock.wallMs()];
  return {
    isOpen: () => clock.monotonicMs() - monotonic < lengthMs && clock.wallMs() - wall < lengthMs,
  };
}

export interface KeyDependencies {
  readonly stores: Stores;
  readonly history: Pick<CancellationReader, "findRequestByKey">;
}

/**
 * The cancellation that a key stands for, whatever is wrong with the rest of the request; null when the key is unused, or the key or the store
 * cannot be one.
 * @throws KeyNotReadError when it cannot be read now.
 */
export async function findKnown(
  { stores, history }: KeyDependencies,
  caller: Caller,
  input: CancelPaymentInput,
): Promise<(KnownCancellation & { readonly request: CancelRequest }) | null> {
  // By the loosest rule that keys ever had: a used key may break today's.
  if (textFaults("", input.idempotencyKey, MAX_IDEMPOTENCY_KEY_LENGTH).length > 0) return null;
  const store = chooseStore(input, caller, stores);
  if (store instanceof InvalidArgumentError) return null;
  const found = await history.findRequestByKey(store.id, input.idempotencyKey).catch((error: unknown) => {
    throw new KeyNotReadError(error);
  });
  return found === null ? null : { ...found, request: normalise(input, store) };
}

/** The message of the log line that is written for each send. */
export const SENT = "sent";

/**
 * What is logged of a cancel right before it is sent: enough to enter it again after a backup without it was restored. It has no refund
 * account, name, reason or note. Amounts are text.
 */
export interface SentRecord {
  readonly store: string;
  readonly id: string;
  readonly key: string;
  readonly order: string;
  readonly total: string;
  readonly currency: string;
  readonly amountBasis: AmountBasis;
  readonly lines: readonly (Omit<CancelItem, "amount" | "taxAmount"> & {
    readonly amount: string;
    readonly taxAmount: string | null;
  })[];
  /** Whether the request had a refund account, which is not logged. */
  readonly hasRefundAccount: boolean;
  readonly fingerprint: string;
  /** When the intent was committed, by the database's clock. */
  readonly moment: string;
}

function sentRecord(
  { id, store, request, fingerprint }: CancelIntent,
  { createdAt }: Cancellation,
): SentRecord {
  return {
    store: store.id,
    id,
    key: request.idempotencyKey,
    order: request.orderNo,
    total: request.totalCancelAmount.toFixed(),
    currency: store.currencyCode,
    amountBasis: store.amountBasis,
    lines: request.items.map((item) => ({
      ...item,
      amount: item.amount.toFixed(),
      taxAmount: item.taxAmount?.toFixed() ?? null,
    })),
    hasRefundAccount: request.refundAccount !== null,
    fingerprint,
    moment: createdAt.toISOString(),
  };
}
