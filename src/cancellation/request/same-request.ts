import { createHash } from "node:crypto";
import type { CancelRequest, RefundAccount, RequestIdentity } from "../model/cancel-request.js";
import { ACCOUNT_FIELDS, comparedRequest } from "./request-fields.js";

/** To be changed when a request is written otherwise: keys of before are then told apart, not misread. */
const VERSION = "v1:";

/**
 * Digest of what a request asks for, without its refund account. A field that is not given leaves no trace, so a new optional field
 * changes no fingerprint of a request without it.
 */
export function fingerprint(request: CancelRequest): string {
  const content = JSON.stringify(comparedRequest(request));
  return VERSION + createHash("sha256").update(content, "utf8").digest("hex");
}

/**
 * Whether a request with a used key is the one that used it. Where the account is no longer known, the fingerprint decides alone: nothing
 * is sent for a used key, so a request with another account at worst gets the first one's cancellation.
 */
export function isSameRequest(request: CancelRequest, known: RequestIdentity): boolean {
  return (
    fingerprint(request) === known.fingerprint &&
    (!known.isAccountKnown || isSameAccount(request.refundAccount, known.refundAccount))
  );
}

function isSameAccount(a: RefundAccount | null, b: RefundAccount | null): boolean {
  return (Object.keys(ACCOUNT_FIELDS) as (keyof RefundAccount)[]).every((field) => a?.[field] === b?.[field]);
}
