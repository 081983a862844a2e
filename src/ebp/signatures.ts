import { createHash, createHmac } from "node:crypto";

/**
 * EBP's request signature: lower-case hex SHA-256 of the message followed by the store's hash key, in UTF-8.
 * @param message for a POST, the body bytes exactly as sent.
 */
export function signRequest(message: Buffer, hashKey: string): string {
  return createHash("sha256").update(message).update(hashKey, "utf8").digest("hex");
}

export const SIGNATURE_HEADER = "x-webhook-signature";
/** Unix seconds, as text. */
export const TIMESTAMP_HEADER = "x-webhook-signature-timestamp";

/**
 * EBP's webhook signature: hex HMAC-SHA256, keyed with the webhook secret, of the time stamp, a full stop and the body.
 * @param body the bytes exactly as received.
 */
export function signWebhook(body: Buffer, timestamp: string, secret: string): string {
  return createHmac("sha256", secret).update(`${timestamp}.`, "utf8").update(body).digest("hex");
}
