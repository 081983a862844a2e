import type { ReceivedWebhook } from "../model/webhook-event.js";
import type { WebhookInbox } from "../model/webhook-inbox.js";

/**
 * Keeps a webhook, if it is genuine and of now. What follows from it is found by the reconciler, from what is kept: so EBP gets its
 * answer as soon as nothing can be lost any more, and a fault in matching never makes it send again.
 */
export async function receiveWebhook(
  inbox: WebhookInbox,
  webhook: ReceivedWebhook | null,
): Promise<"stored" | "repeated" | "refused"> {
  if (webhook === null) return "refused";
  const result = await inbox.store(webhook);
  return result === "stale" ? "refused" : result;
}
