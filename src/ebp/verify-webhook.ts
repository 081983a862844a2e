import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "./webhook-signature.js";

/** A webhook secret as issued, and the stores it was issued for. */
export type WebhookSecrets = ReadonlyMap<string, readonly string[]>;

export interface VerifiedWebhook {
  /** The stores whose secret signed it. */
  readonly storeIds: readonly string[];
  /** Unix seconds that the signature covers. */
  readonly signedAt: number;
}

/** An HMAC-SHA256. EBP does not say whether it writes hex in small letters; both mean the same bytes. */
const SIGNATURE = /^[\dA-Fa-f]{64}$/u;
/** Up to the year 33658. */
const UNIX_SECONDS = /^\d{1,12}$/u;

/**
 * Checks the signature over the bytes as received; null when no secret made it. When it was made is not judged here. All
 * secrets are tried, so that the time it takes does not tell which of them is right.
 */
export function verifyWebhook(
  headers: IncomingHttpHeaders,
  body: Buffer,
  secrets: WebhookSecrets,
): VerifiedWebhook | null {
  const signature = headers[SIGNATURE_HEADER];
  const timestamp = headers[TIMESTAMP_HEADER];
  if (typeof signature !== "string" || !SIGNATURE.test(signature)) return null;
  if (typeof timestamp !== "string" || !UNIX_SECONDS.test(timestamp)) return null;
  const given = Buffer.from(signature, "hex");
  const signers = [...secrets].filter(([secret]) =>
    timingSafeEqual(given, Buffer.from(signWebhook(body, timestamp, secret), "hex")),
  );
  if (signers.length === 0) return null;
  return { storeIds: signers.flatMap(([, storeIds]) => storeIds), signedAt: Number(timestamp) };
}
