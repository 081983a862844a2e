import { createHash } from "node:crypto";
import type { CancelRequest, RefundAccount, RequestIdentity } from "../model/cancel-request.js";

/**
 * Digest of the canonical request: amounts by value (1.0 and 1.00 are the same), items in order of `seq`. What the caller
 * expects to be cancelled already is a condition on sending, not part of what is asked, so it may differ. The refund account is left out on purpose: a digest of an account number can be reversed by trying all numbers, so the account
 * is stored encrypted and compared as itself.
 */
export function fingerprint(request: CancelRequest): string {
  const items = [...request.items].sort((a, b) => a.seq - b.seq);
  const canonical = JSON.stringify([
    request.orderNo,
    request.totalCancelAmount.toFixed(),
    items.map((item) => [
      item.seq,
      item.itemType,
      item.itemId,
      item.quantity,
      item.amount.toFixed(),
      item.taxAmount?.toFixed() ?? null,
    ]),
    request.reason,
    request.note,
  ]);
  return createHash("sha256").update(canonical, "utf8").digest("hex");
}

/**
 * Where the account is not known any more the fingerprint decides alone. No harm comes of it: nothing is ever sent for a used key, so a
 * request with another account is told of the first one's cancellation, where it would have been told that the key is used.
 */
export function isSameRequest(request: CancelRequest, known: RequestIdentity): boolean {
  return (
    fingerprint(request) === known.fingerprint &&
    (!known.isAccountKnown || sameAccount(request.refundAccount, known.refundAccount))
  );
}

function sameAccount(a: RefundAccount | null, b: RefundAccount | null): boolean {
  return (
    a?.accountNumber === b?.accountNumber &&
    a?.bankCode === b?.bankCode &&
    a?.accountHolderName === b?.accountHolderName
  );
}
