import { createHash } from "node:crypto";
import type { CancelItem, CancelRequest, RefundAccount, RequestIdentity } from "../model/cancel-request.js";

/** How a field is written to be compared; null for one that is not part of the fingerprint. */
type Fields<T> = { readonly [Field in keyof Required<T>]: ((value: T[Field]) => unknown) | null };

const asIs = <T>(value: T): T => value;

const ITEM_FIELDS: Fields<CancelItem> = {
  seq: asIs,
  itemType: asIs,
  itemId: asIs,
  quantity: asIs,
  amount: (amount) => amount.toFixed(),
  taxAmount: (tax) => tax?.toFixed() ?? null,
};

const REQUEST_FIELDS: Fields<CancelRequest> = {
  orderNo: asIs,
  // By value: 1.0 and 1.00 are the same.
  totalCancelAmount: (total) => total.toFixed(),
  items: (items) => [...items].sort((a, b) => a.seq - b.seq).map((item) => written(item, ITEM_FIELDS)),
  reason: asIs,
  note: asIs,
  // These two led to the request that is compared with.
  idempotencyKey: null,
  storeId: null,
  // A digest of an account number is reversed by trying all numbers: the account is stored encrypted, and compared as itself.
  refundAccount: null,
  // A condition on sending, not part of what is asked.
  expectedCancelledTotal: null,
};

const ACCOUNT_FIELDS: Readonly<Record<keyof RefundAccount, true>> = {
  accountNumber: true,
  bankCode: true,
  accountHolderName: true,
};

const VERSION = "v1:";

/**
 * Digest of what a request asks for, without its refund account. A field that is not given leaves no trace, so a new optional field
 * changes no fingerprint of a request without it.
 */
export function fingerprint(request: CancelRequest): string {
  return VERSION + digest(written(request, REQUEST_FIELDS));
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
  } = written(request, REQUEST_FIELDS);
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

/** The given fields by name, in the order of their names. */
function written<T>(value: T, fields: Fields<T>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of (Object.keys(fields) as (keyof T & string)[]).sort()) {
    const content = fields[name]?.(value[name]) ?? null;
    if (content !== null) found[name] = content;
  }
  return found;
}

function digest(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content), "utf8").digest("hex");
}

function isSameAccount(a: RefundAccount | null, b: RefundAccount | null): boolean {
  return (Object.keys(ACCOUNT_FIELDS) as (keyof RefundAccount)[]).every((field) => a?.[field] === b?.[field]);
}
