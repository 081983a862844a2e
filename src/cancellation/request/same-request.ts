import { createHash } from "node:crypto";
import type { CancelRequest, RefundAccount, RequestIdentity } from "../model/cancel-request.js";
import { ACCOUNT_FIELDS, comparedRequest } from "./request-fields.js";

const VERSION = "v1:";

/**
 * Digest of what a request asks for, without its refund account. A field that is not given leaves no trace, so a new optional field
 * changes no fingerprint of a request without it.
 */
export function fingerprint(request: CancelRequest): string {
  return VERSION + digest(comparedRequest(request));
}

/**
 * Whether a request with a used key is the one that used it. Where the account is no longer known, the fingerprint decides alone: nothing
 * is sent for a used key, so a request with another account at worst gets the first one's cancellation.
 */
export function isSameRequest(request: CancelRequest, known: RequestIdentity): boolean {
  const now = known.fingerprint.startsWith(VERSION) ? fingerprint(request) : unversionedFingerprint(request);
  return (
    now === known.fingerprint &&
    (!known.isAccountKnown || isSameAccount(request.refundAccount, known.refundAccount))
  );
}

/** As rows were written before fingerprints had a version: values in a fixed order, and what was not given as null. */
function unversionedFingerprint(request: CancelRequest): string {
  const {
    orderNo,
    totalCancelAmount,
    items,
    reason = null,
    note = null,
    ...newer
  } = comparedRequest(request);
  const lines = (items as Record<string, unknown>[]).map(
    ({ seq, itemType, itemId, quantity, amount, taxAmount = null, ...newerOfItem }) => [
      seq,
      itemType,
      itemId,
      quantity,
      amount,
      taxAmount,
      ...Object.values(newerOfItem),
    ],
  );
  // A field that those rows did not have makes another request of it.
  return digest([orderNo, totalCancelAmount, lines, reason, note, ...Object.values(newer)]);
}

function digest(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content), "utf8").digest("hex");
}

function isSameAccount(a: RefundAccount | null, b: RefundAccount | null): boolean {
  return (Object.keys(ACCOUNT_FIELDS) as (keyof RefundAccount)[]).every((field) => a?.[field] === b?.[field]);
}
