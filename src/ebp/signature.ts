import { createHash } from "node:crypto";

/**
 * EBP's request signature: lower-case hex SHA-256 of the message followed by the store's hash key, in UTF-8. For a POST
 * the message is the body exactly as transmitted, so hand over the very bytes that are sent.
 */
export function signRequest(message: Buffer, hashKey: string): string {
  return createHash("sha256").update(message).update(hashKey, "utf8").digest("hex");
}
