import { createHash, randomUUID } from "node:crypto";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import type { KeptEvent, WebhookInbox } from "../../src/cancellation/model/webhook-inbox.js";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/webhook.js";
import { ASKED_AT } from "./cancellations.js";
import type { RecoveryFixture } from "./recovery.js";
import { WEBHOOK_SECRET, type TestService } from "./service.js";

/** A refund of 1000 of ORD-1, as read, a second after the cancellations made here were asked for. */
export function webhookEvent(changes: Partial<Omit<KeptEvent, "storeId">> = {}): KeptEvent {
  const { storeIds = ["SIM-KR"] } = changes;
  return {
    storeId: storeIds[0] ?? "",
    kind: "REFUND_REQUESTED",
    eventType: "PAYMENT_REFUND_REQUESTED",
    eventTime: new Date(ASKED_AT.getTime() + 1_000),
    receivedAt: new Date(ASKED_AT.getTime() + 2_000),
    orderNo: "ORD-1",
    amount: new Decimal(1000),
    currencyCode: "KRW",
    refundedAt: null,
    paymentStatus: "REFUND_REQUESTED",
    resultCode: "0",
    isOfSuccess: true,
    digest: createHash("sha256").update(JSON.stringify(changes)).digest("hex"),
    ...changes,
    storeIds,
  };
}

export type EventType =
  "PAYMENT_VOIDED" | "PAYMENT_REFUND_REQUESTED" | "PAYMENT_REFUNDED" | "PAYMENT_CAPTURED";

const AMOUNT_FIELDS: Readonly<Record<EventType, string>> = {
  PAYMENT_VOIDED: "voidedAmount",
  PAYMENT_REFUND_REQUESTED: "refundRequestedAmount",
  PAYMENT_REFUNDED: "refundedAmount",
  PAYMENT_CAPTURED: "capturedAmount",
};

/** A webhook's body as EBP writes it. `data` changes fields of the payment; undefined takes one out. */
export function webhookBody(
  eventType: EventType,
  orderNo: string,
  amount: number,
  changes: { readonly eventTime?: string | undefined; readonly data?: object } = {},
): string {
  const { eventTime = new Date().toISOString(), data } = changes;
  return JSON.stringify({
    eventType,
    ...("eventTime" in changes && changes.eventTime === undefined ? {} : { eventTime }),
    data: {
      orderNo,
      [AMOUNT_FIELDS[eventType]]: amount,
      currencyCode: "KRW",
      exponent: 0,
      resultCode: "0",
      resultMessage: "SUCCESS",
      ...data,
    },
  });
}

export interface Signing {
  readonly secret?: string;
  /** Unix seconds; now unless stated. */
  readonly timestamp?: number;
  /** What is sent in place of what was signed. */
  readonly sent?: string;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly receipt: string | undefined;
}

/** Signs a body as EBP does, and posts it. */
export async function deliver(
  service: Pick<TestService, "url">,
  body: string,
  { secret = WEBHOOK_SECRET, timestamp = Math.floor(Date.now() / 1_000), sent = body }: Signing = {},
): Promise<WebhookAnswer> {
  const response = await fetch(`${service.url}/webhooks/ebp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      [SIGNATURE_HEADER]: signWebhook(Buffer.from(body), String(timestamp), secret),
      [TIMESTAMP_HEADER]: String(timestamp),
    },
    body: sent,
  });
  const { status } = (await response.json()) as { status?: string };
  return { status: response.status, receipt: status };
}

/** Keeps a webhook of an order of its own, as if it had just come in. */
export async function storeWebhook(
  { inbox, sql }: Pick<RecoveryFixture, "inbox" | "sql">,
  changes: Partial<KeptEvent> = {},
  { body = `{"n":"${randomUUID()}"}`, signedAgo = 0 }: { body?: string; signedAgo?: number } = {},
): Promise<{
  storeId: string;
  digest: string;
  body: Buffer;
  result: Awaited<ReturnType<WebhookInbox["store"]>>;
}> {
  const bytes = Buffer.from(body);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const event = webhookEvent({ orderNo: randomUUID(), eventTime: new Date(), ...changes, digest });
  const [{ now }] = await sql("SELECT extract(epoch FROM statement_timestamp())::float8 AS now");
  return {
    storeId: event.storeId,
    digest,
    body: bytes,
    result: await inbox.store({ event, body: bytes, signedAt: now - signedAgo }),
  };
}
