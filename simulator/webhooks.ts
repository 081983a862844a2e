import { setTimeout as delay } from "node:timers/promises";
import { LosslessNumber, stringify } from "lossless-json";
import { currencyDecimals } from "../src/cancellation/model/store.js";
import { Decimal } from "../src/cancellation/model/decimal.js";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../src/ebp/webhook.js";
import type { SimulatedStore } from "./development-store.js";
import { forcedBehaviour, type WebhookManner } from "./order-numbers.js";
import { appended, forgetOldest, WHOLLY_CANCELLED_STATUS } from "./payments.js";

const MS_PER_SECOND = 1_000;

/** Where webhooks go, as it would be registered with EBP. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
  /** `minor` unless stated: 12.50 USD is 1250. */
  readonly amounts?: "minor" | "major";
}

/** From WEBHOOK_URL and WEBHOOK_SECRET; null when neither is set. Throws a TypeError for one without the other. */
export function readWebhookTarget(env: Readonly<Record<string, string | undefined>>): WebhookTarget | null {
  const { WEBHOOK_URL: url = "", WEBHOOK_SECRET: secret = "" } = env;
  if (url === "" && secret === "") return null;
  if (url === "" || secret === "")
    throw new TypeError("WEBHOOK_URL and WEBHOOK_SECRET go together: set both");
  return { url: new URL(url).href, secret };
}

export type WebhookEventType =
  "PAYMENT_CAPTURED" | "PAYMENT_VOIDED" | "PAYMENT_REFUND_REQUESTED" | "PAYMENT_REFUNDED";

/** An event that a webhook reports. */
export interface Occurrence {
  readonly eventType: WebhookEventType;
  readonly storeId: string;
  readonly orderNo: string;
  readonly amount: Decimal;
  /** It may be still to come: its webhook leaves then. */
  readonly at: Date;
}

/** One attempt to deliver a webhook. */
export interface WebhookDelivery {
  readonly eventType: WebhookEventType;
  readonly orderNo: string;
  /** Null when there was no answer. */
  readonly status: number | null;
}

interface Webhook {
  readonly eventType: WebhookEventType;
  readonly orderNo: string;
  readonly body: Buffer;
  readonly manner: WebhookManner;
  readonly afterMs: number;
}

interface WebhookSettings {
  readonly webhooks: WebhookTarget | null;
  readonly now: () => Date;
  readonly log: (line: string) => void;
  readonly webhookTimeoutMs: number;
  /** The wait before each further attempt. */
  readonly webhookRetryMs: readonly number[];
  readonly webhookDelayMs: number;
}

/**
 * Reports events to one receiver. EBP promises no order, but tests must not depend on chance: the webhooks of an order leave one after
 * the other, each when the one before is delivered or given up.
 */
export class Webhooks {
  #target: WebhookTarget | null;
  #deliveries: WebhookDelivery[] = [];
  #count = 0;
  /** Per order, the end of its queue. */
  readonly #queues = new Map<string, Promise<void>>();
  /** Per order, a capture that is reported only after a cancel. */
  readonly #held = new Map<string, Webhook>();

  /** @param closing aborted when the simulator closes: webhooks under way are dropped. */
  constructor(
    private readonly settings: WebhookSettings,
    private readonly stores: ReadonlyMap<string, SimulatedStore>,
    private readonly closing: AbortSignal,
  ) {
    this.#target = settings.webhooks;
  }

  get deliveries(): readonly WebhookDelivery[] {
    return [...this.#deliveries];
  }

  /** Applies to all further attempts, also for events that happened before. Null sends nothing any more. */
  sendTo(target: WebhookTarget | null): void {
    this.#target = target;
  }

  /** An event without a receiver is never reported. */
  announce(occurrence: Occurrence): void {
    const { storeId, orderNo, eventType } = occurrence;
    const manner = forcedBehaviour(orderNo)?.webhooks ?? "usual";
    const store = this.stores.get(storeId);
    if (this.#target === null || store === undefined || manner === "lost") return;
    if (manner === "unrequested" && eventType === "PAYMENT_REFUND_REQUESTED") return;

    this.#count += 1;
    // The documentation shows numbers and strings, so amounts alternate between them.
    const form = { units: this.#target.amounts ?? "minor", isText: this.#count % 2 === 0 };
    const body = webhookBody(occurrence, store.currencyCode, form);
    const key = JSON.stringify([storeId, orderNo]);
    const { now, webhookDelayMs } = this.settings;
    const afterMs = occurrence.at.getTime() - now().getTime() + (manner === "delayed" ? webhookDelayMs : 0);
    const webhook: Webhook = { eventType, orderNo, body, manner, afterMs };
    if (manner === "reordered" && eventType === "PAYMENT_CAPTURED") {
      this.#held.set(key, webhook);
      forgetOldest(this.#held);
      return;
    }
    this.#enqueue(key, webhook);
    const held = this.#held.get(key);
    this.#held.delete(key);
    if (held !== undefined) this.#enqueue(key, held);
  }

  /** Resolves when no webhook is under way, or waits for its turn or its next attempt. */
  async settled(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all(this.#queues.values());
  }

  #enqueue(key: string, webhook: Webhook): void {
    // A delay starts now, not when the queue gets there: delays of one order do not add up.
    const delayed = webhook.afterMs > 0 ? this.#pause(webhook.afterMs) : undefined;
    const done = Promise.all([this.#queues.get(key), delayed])
      .then(() => this.#deliver(webhook))
      .finally(() => {
        if (this.#queues.get(key) === done) this.#queues.delete(key);
      });
    this.#queues.set(key, done);
  }

  async #deliver(webhook: Webhook): Promise<void> {
    for (const waitMs of [0, ...this.settings.webhookRetryMs]) {
      if (waitMs > 0) await this.#pause(waitMs);
      const target = this.#target;
      if (target === null || this.closing.aborted) return;
      const headers = this.#signedHeaders(webhook, target);
      const isDelivered = await this.#send(webhook, target, headers);
      if (isDelivered && webhook.manner === "twice") await this.#send(webhook, target, headers);
      // A forger does not retry.
      if (isDelivered || webhook.manner === "forged") return;
    }
  }

  #signedHeaders({ body, manner }: Webhook, { secret }: WebhookTarget): Record<string, string> {
    const timestamp = String(Math.floor(this.settings.now().getTime() / MS_PER_SECOND));
    const key = manner === "forged" ? `not ${secret}` : secret;
    return {
      "Content-Type": "application/json; charset=utf-8",
      [SIGNATURE_HEADER]: signWebhook(body, timestamp, key),
      [TIMESTAMP_HEADER]: timestamp,
    };
  }

  async #send(
    { eventType, orderNo, body }: Webhook,
    { url }: WebhookTarget,
    headers: Record<string, string>,
  ): Promise<boolean> {
    const status = await post(url, headers, body, this.settings.webhookTimeoutMs, this.closing);
    if (this.closing.aborted) return false;
    this.#deliveries = appended(this.#deliveries, { eventType, orderNo, status });
    this.settings.log(`webhook ${eventType} ${orderNo} → ${status ?? "no answer"}`);
    return status !== null && status >= 200 && status < 300;
  }

  /** Over at once when the simulator closes. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.closing, ref: false }).catch(() => undefined);
  }
}

/** The HTTP status; null for a receiver that cannot be reached or does not answer in time. */
async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  timeoutMs: number,
  closing: AbortSignal,
): Promise<number | null> {
  const giveUp = new AbortController();
  const stop = (): void => giveUp.abort();
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the time-out before it fires.
  const timer = setTimeout(stop, timeoutMs);
  timer.unref();
  closing.addEventListener("abort", stop);
  try {
    const { signal } = giveUp;
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    closing.removeEventListener("abort", stop);
  }
}

/** `voidedAmount` is a guess after the other names: none is published for it. */
const FIELDS = {
  PAYMENT_CAPTURED: { paymentStatus: "CAPTURED", amount: "capturedAmount" },
  PAYMENT_VOIDED: { paymentStatus: WHOLLY_CANCELLED_STATUS, amount: "voidedAmount" },
  PAYMENT_REFUND_REQUESTED: { paymentStatus: "REFUND_REQUESTED", amount: "refundRequestedAmount" },
  PAYMENT_REFUNDED: { paymentStatus: "REFUNDED", amount: "refundedAmount" },
} as const satisfies Record<WebhookEventType, { paymentStatus: string; amount: string }>;

/** EBP's documentation does not settle how amounts are written: a reader has to cope with every form. */
function webhookBody(
  { eventType, orderNo, amount, at }: Occurrence,
  currencyCode: string,
  form: { readonly units: "minor" | "major"; readonly isText: boolean },
): Buffer {
  const fields = FIELDS[eventType];
  // A currency outside ISO 4217 has no known minor unit.
  const exponent = currencyDecimals(currencyCode) ?? 0;
  const shown = form.units === "minor" ? amount.times(new Decimal(10).pow(exponent)) : amount;
  const written = shown.toFixed();
  const body = stringify({
    eventType,
    eventTime: at.toISOString(),
    data: {
      orderNo,
      paymentStatus: fields.paymentStatus,
      [fields.amount]: form.isText ? written : new LosslessNumber(written),
      ...(eventType === "PAYMENT_CAPTURED" && { capturedAt: at.toISOString() }),
      ...(eventType === "PAYMENT_REFUNDED" && { refundedAt: at.toISOString() }),
      currencyCode,
      exponent,
      resultCode: "0",
      resultMessage: "SUCCESS",
    },
  });
  return Buffer.from(body ?? "", "utf8");
}
