import {
  type CancelItem,
  type CancelPaymentInput,
  type CancelRequest,
  ITEM_TYPES,
  type RefundAccount,
  type RequestIdentity,
} from "../model/cancel-request.js";
import type { Fault } from "../model/fault.js";
import type { Store } from "../model/store.js";
import {
  accountNumberFaults,
  amountFaults,
  identifierFaults,
  integerFaults,
  normaliseAccountNumber,
  proseFaults,
  textFaults,
  totalFaults,
} from "./field-rules.js";
import { createHash } from "node:crypto";
import * as limits from "../model/limits.js";

/** What the service has to know of a field of a request, besides its name and type. A field that is forgotten here does not compile. */
interface Field<Value> {
  readonly faults: (path: string, value: Value, store: Store, request: CancelRequest) => Fault[];
  /** How it is written into the fingerprint; null for a field that is no part of it. */
  readonly compared: ((value: Value) => unknown) | null;
}
type Fields<T> = { readonly [Name in keyof T]-?: Field<T[Name]> };

const asIs = <T>(value: T): T => value;

const ITEM_FIELDS: Fields<CancelItem> = {
  seq: { faults: (path, seq) => integerFaults(path, seq, 0, limits.MAX_SEQ), compared: asIs },
  itemType: {
    faults: (field, type) =>
      ITEM_TYPES.includes(type) ? [] : [{ kind: "notOneOf", field, choices: ITEM_TYPES }],
    compared: asIs,
  },
  itemId: { faults: (path, id) => identifierFaults(path, id, limits.MAX_IDENTIFIER_LENGTH), compared: asIs },
  quantity: { faults: (path, count) => integerFaults(path, count, 1, limits.MAX_QUANTITY), compared: asIs },
  amount: { faults: amountFaults, compared: (amount) => amount.toFixed() },
  taxAmount: { faults: amountFaults, compared: (tax) => tax?.toFixed() },
};

// A digest of an account number is reversed by trying all numbers: the account is stored encrypted, and compared as itself.
const ACCOUNT_FIELDS: Fields<RefundAccount> = {
  accountNumber: { faults: accountNumberFaults, compared: null },
  bankCode: { faults: (path, code) => textFaults(path, code, limits.MAX_BANK_CODE_LENGTH), compared: null },
  accountHolderName: {
    faults: (path, name) => textFaults(path, name, limits.MAX_HOLDER_NAME_LENGTH),
    compared: null,
  },
};

/** Faults are reported in this order. */
const REQUEST_FIELDS: Fields<CancelRequest> = {
  refundAccount: {
    faults: (path, account, store, request) =>
      account === null ? [] : faultsOf(ACCOUNT_FIELDS, path, account, store, request),
    compared: null,
  },
  // It is chosen before; it led to the request that is compared with, as the key did.
  storeId: { faults: () => [], compared: null },
  idempotencyKey: {
    faults: (path, key) => identifierFaults(path, key, limits.MAX_IDEMPOTENCY_KEY_LENGTH),
    compared: null,
  },
  orderNo: {
    faults: (path, orderNo) => identifierFaults(path, orderNo, limits.MAX_IDENTIFIER_LENGTH),
    compared: asIs,
  },
  totalCancelAmount: {
    faults: totalFaults,
    // By value: 1.0 and 1.00 are the same.
    compared: (total) => total.toFixed(),
  },
  // A condition on sending, not part of what is asked.
  expectedCancelledTotal: { faults: amountFaults, compared: null },
  reason: {
    faults: (path, reason, _store, { refundAccount }) =>
      proseFaults(path, reason, limits.MAX_REASON_LENGTH, refundAccount),
    compared: asIs,
  },
  note: {
    faults: (path, note, _store, { refundAccount }) =>
      proseFaults(path, note, limits.MAX_NOTE_LENGTH, refundAccount),
    compared: asIs,
  },
  items: {
    faults: itemsFaults,
    compared: (items) =>
      [...items].sort((a, b) => a.seq - b.seq).map((item) => comparedFields(ITEM_FIELDS, item)),
  },
};

/** As it is compared and sent: null for what was left out, and the account number without spaces and hyphens. */
export function normalise(input: CancelPaymentInput, store: Store): CancelRequest {
  const { items, refundAccount } = input;
  return {
    ...withNulls(REQUEST_FIELDS, input),
    storeId: store.id,
    items: items.map((item) => withNulls(ITEM_FIELDS, item)),
    refundAccount: refundAccount
      ? {
          ...withNulls(ACCOUNT_FIELDS, refundAccount),
          accountNumber: normaliseAccountNumber(refundAccount.accountNumber),
        }
      : null,
  };
}

/** The faults of each field by itself. */
export function requestFaults(request: CancelRequest, store: Store): Fault[] {
  return faultsOf(REQUEST_FIELDS, "input", request, store, request);
}

function withNulls<T>(fields: Fields<T>, given: { readonly [Name in keyof T]?: unknown }): T {
  return Object.fromEntries(namesOf(fields).map((name) => [name, given[name] ?? null])) as T;
}

function faultsOf<T>(fields: Fields<T>, path: string, all: T, store: Store, request: CancelRequest): Fault[] {
  return namesOf(fields).flatMap((name) => fields[name].faults(`${path}.${name}`, all[name], store, request));
}

/** The fields of the fingerprint by name, in the order of their names. */
function comparedFields<T>(fields: Fields<T>, value: T): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const name of namesOf(fields).sort()) {
    const content = fields[name].compared?.(value[name]) ?? null;
    if (content !== null) written[name] = content;
  }
  return written;
}

function namesOf<T>(fields: Fields<T>): (keyof T & string)[] {
  return Object.keys(fields) as (keyof T & string)[];
}

function itemsFaults(
  path: string,
  items: readonly CancelItem[],
  store: Store,
  request: CancelRequest,
): Fault[] {
  const count = { min: 1, max: limits.MAX_ITEMS };
  if (items.length < count.min) return [{ kind: "noItems", field: path, ...count }];
  if (items.length > count.max) return [{ kind: "tooManyItems", field: path, ...count }];
  const firstWithSeq = new Map<number, number>();
  return items.flatMap((item, index) => {
    const first = firstWithSeq.get(item.seq);
    firstWithSeq.set(item.seq, first ?? index);
    const faults = faultsOf(ITEM_FIELDS, `${path}.${index}`, item, store, request);
    if (first === undefined) return faults;
    return [...faults, { kind: "duplicateSeq", field: `${path}.${index}.seq`, firstItem: first }];
  });
}

const VERSION = "v1:";

/**
 * Digest of what a request asks for, without its refund account. A field that is not given leaves no trace, so a new optional field
 * changes no fingerprint of a request without it.
 */
export function fingerprint(request: CancelRequest): string {
  return VERSION + digest(comparedFields(REQUEST_FIELDS, request));
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
  const compared = comparedFields(REQUEST_FIELDS, request);
  const { orderNo, totalCancelAmount, items, reason = null, note = null, ...newer } = compared;
  const lines = (items as Record<string, unknown>[]).map(
    ({ seq, itemType, itemId, quantity, amount, taxAmount = null, ...more }) => [
      seq,
      itemType,
      itemId,
      quantity,
      amount,
      taxAmount,
      ...Object.values(more),
    ],
  );
  // A field that those rows did not have makes another request of it.
  return digest([orderNo, totalCancelAmount, lines, reason, note, ...Object.values(newer)]);
}

function digest(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content), "utf8").digest("hex");
}

function isSameAccount(a: RefundAccount | null, b: RefundAccount | null): boolean {
  return namesOf(ACCOUNT_FIELDS).every((field) => a?.[field] === b?.[field]);
}
