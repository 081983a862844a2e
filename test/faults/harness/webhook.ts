import { createHmac } from "node:crypto";
import { webhookBody as bodyOf, type EventType } from "../../helpers/webhooks.js";
import type { Request } from "./requests.js";
import { until } from "./wait.js";
import { WEBHOOK_SECRET, type World } from "./world.js";

export interface Webhook {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Telling {
  readonly eventType: EventType;
  readonly orderNo: string;
  readonly amount: number;
  /** Told apart from another telling of the same by this. */
  readonly eventTime?: string;
}

const STATUSES = {
  PAYMENT_CAPTURED: "CAPTURED",
  PAYMENT_VOIDED: "CANCELED",
  PAYMENT_REFUND_REQUESTED: "REFUND_REQUESTED",
  PAYMENT_REFUNDED: "REFUNDED",
} as const;

/** A body such as EBP's; KRW has no minor unit. */
export function webhookBody({ eventType, orderNo, amount, ...when }: Telling): string {
  const data = { paymentStatus: STATUSES[eventType] };
  return bodyOf(eventType, orderNo, amount, { ...when, data });
}

/** Signed as CONTRACT §5 says; written out here, so that no mistake of the service's own signing is shared. */
export function signed(
  body: string,
  { secret = WEBHOOK_SECRET, ageSeconds = 0 }: { secret?: string; ageSeconds?: number } = {},
): Webhook {
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const signature = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  return { body, headers: { "x-webhook-signature": signature, "x-webhook-signature-timestamp": timestamp } };
}

/** The HTTP status; null when no answer came. */
export async function deliver(url: string, { body, headers }: Webhook): Promise<number | null> {
  try {
    const answer = await fetch(`${url}/webhooks/ebp`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return null;
  }
}

/** Tells as EBP does: again until it is taken. */
export async function tell(url: string, telling: Telling): Promise<void> {
  await until("a genuine webhook is taken", async () => {
    const status = await deliver(url, signed(webhookBody(telling)));
    return status !== null && status < 300;
  });
}

/** A request to cancel all of an order, whose captured payment EBP knows. */
export function registered(world: World, prefix = "ORD"): Request {
  const request = world.callers.request({ prefix });
  const { orderNo, amount } = request;
  world.simulator.payments.register({ orderNo, total: String(amount), captured: true });
  return request;
}

/** EBP's webhook tells how much there is to cancel of it: then a lookup can prove that all of it was cancelled. */
export function tellCapture(world: World, { orderNo, amount }: Request): Promise<void> {
  return tell(world.app.url, { eventType: "PAYMENT_CAPTURED", orderNo, amount });
}
