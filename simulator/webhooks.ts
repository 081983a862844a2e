import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../src/ebp/signatures.js";
import { appended, forgetOldest } from "./bounded.js";
import { forcedBehaviour, type WebhookManner } from "./order-numbers.js";
import { pause } from "./pause.js";
import { postWebhook, type SignedWebhook } from "./post-webhook.js";
import type { SimulatedStore } from "./simulated-store.js";
import { Turns } from "./turns.js";
import { webhookBody, type Occurrence, type WebhookEventType } from "./webhook-body.js";
import type { WebhookTarget } from "./webhook-target.js";

const MS_PER_SECOND = 1_000;

/** One try to deliver a webhook. */
export interface WebhookDelivery {
  readonly eventType: WebhookEventType;
  readonly orderNo: string;
  /** Null when there was no answer. */
  readonly status: number | null;
}

interface WebhookEvent {
  readonly eventType: WebhookEventType;
  readonly orderNo: string;
  readonly body: Buffer;
  readonly manner: WebhookManner;
}

interface WebhooksParts {
  readonly stores: ReadonlyMap<string, SimulatedStore>;
  readonly target: WebhookTarget | null;
  readonly now: () => Date;
  readonly log: (line: string) => void;
  readonly timeoutMs: number;
  /** How long to wait before each further try. */
  readonly retryMs: readonly number[];
  readonly delayMs: number;
  /** Aborted when the simulator closes: what is under way is dropped. */
  readonly closing: AbortSignal;
}

/**
 * Tells one receiver what happened. EBP promises no order, but what tests see should not depend on chance: the events of
 * an order leave one after the other, each when the one before is delivered or given up.
 */
export class Webhooks {
  readonly #parts: WebhooksParts;
  #target: WebhookTarget | null;
  #deliveries: WebhookDelivery[] = [];
  #events = 0;
  readonly #turns = new Turns();
  /** Captures that are to be told of only after a cancel. */
  readonly #held = new Map<string, WebhookEvent>();

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
    this.#target = parts.target;
  }

  get deliveries(): readonly WebhookDelivery[] {
    return [...this.#deliveries];
  }

  /** Holds for tries yet to be made, also of events that happened before. Null sends nothing any more. */
  sendTo(target: WebhookTarget | null): void {
    this.#target = target;
  }

  /** Nothing happens without a receiver: what occurs in the meantime is never told. */
  announce(occurrence: Occurrence): void {
    const { storeId, orderNo, eventType } = occurrence;
    const manner = forcedBehaviour(orderNo)?.webhooks ?? "usual";
    const store = this.#parts.stores.get(storeId);
    if (this.#target === null || store === undefined || manner === "lost") return;

    this.#events += 1;
    // The contract has numbers and strings: a number for the first event, a string for the second, and so on.
    const form = { units: this.#target.amounts ?? "minor", isText: this.#events % 2 === 0 };
    const body = webhookBody(occurrence, store.currencyCode, form);
    const key = JSON.stringify([storeId, orderNo]);
    const event: WebhookEvent = { eventType, orderNo, body, manner };
    if (manner === "reordered" && eventType === "PAYMENT_CAPTURED") {
      this.#held.set(key, event);
      forgetOldest(this.#held);
      return;
    }
    this.#enqueue(key, event);
    const held = this.#held.get(key);
    this.#held.delete(key);
    if (held !== undefined) this.#enqueue(key, held);
  }

  /** Resolves when no event is on its way or waiting for its turn or its next try. */
  settled(): Promise<void> {
    return this.#turns.allDone();
  }

  #enqueue(key: string, event: WebhookEvent): void {
    const { delayMs, closing } = this.#parts;
    // Runs from now on, not from its turn: several late events of an order are not late by turns.
    const due = event.manner === "delayed" ? pause(delayMs, closing) : undefined;
    this.#turns.add(key, () => this.#deliver(event), due);
  }

  async #deliver(event: WebhookEvent): Promise<void> {
    for (const waitMs of [0, ...this.#parts.retryMs]) {
      if (waitMs > 0) await pause(waitMs, this.#parts.closing);
      const target = this.#target;
      if (target === null || this.#parts.closing.aborted) return;
      const signed = this.#sign(event, target);
      const isDelivered = await this.#try(event, target, signed);
      if (isDelivered && event.manner === "twice") await this.#try(event, target, signed);
      // A forger takes no for an answer.
      if (isDelivered || event.manner === "forged") return;
    }
  }

  #sign({ body, manner }: WebhookEvent, { secret }: WebhookTarget): SignedWebhook {
    const timestamp = String(Math.floor(this.#parts.now().getTime() / MS_PER_SECOND));
    const key = manner === "forged" ? `not ${secret}` : secret;
    const headers = {
      "Content-Type": "application/json; charset=utf-8",
      [SIGNATURE_HEADER]: signWebhook(body, timestamp, key),
      [TIMESTAMP_HEADER]: timestamp,
    };
    return { headers, body };
  }

  async #try(
    { eventType, orderNo }: WebhookEvent,
    target: WebhookTarget,
    signed: SignedWebhook,
  ): Promise<boolean> {
    const { timeoutMs, closing, log } = this.#parts;
    const status = await postWebhook(target.url, signed, timeoutMs, closing);
    if (closing.aborted) return false;
    this.#deliveries = appended(this.#deliveries, { eventType, orderNo, status });
    log(`webhook ${eventType} ${orderNo} → ${status ?? "no answer"}`);
    return status !== null && status >= 200 && status < 300;
  }
}
