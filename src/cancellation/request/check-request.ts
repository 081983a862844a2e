import type { Caller } from "../model/caller.js";
import type { CancelItem, CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import { type Fault, InvalidArgumentError } from "../model/errors.js";
import * as limits from "../model/limits.js";
import type { Store, Stores } from "../model/store.js";
import { invalid, type UserError } from "../model/user-error.js";
import { basisInWords, computeTotals, type ComputedTotals } from "./amount-rule.js";
import { chooseStore } from "./choose-store.js";
import {
  amountFaults,
  identifierFaults,
  itemFaults,
  proseFaults,
  refundAccountFaults,
} from "./field-rules.js";
import { normaliseAccountNumber } from "./refund-account.js";

export type CheckedRequest =
  | {
      readonly ok: true;
      readonly request: CancelRequest;
      readonly store: Store;
      readonly totals: ComputedTotals;
    }
  | {
      readonly ok: false;
      readonly store: Store | null;
      /** Null while a field is invalid: a sum could be huge, or repeat an account number that was given as an amount. */
      readonly totals: ComputedTotals | null;
      readonly errors: readonly UserError[];
    };

type FieldRule = (path: string, request: CancelRequest, store: Store, input: CancelPaymentInput) => Fault[];

/** The rules of each field by itself. Faults are reported in this order. */
const FIELD_RULES: Readonly<Record<keyof CancelPaymentInput, FieldRule>> = {
  // As the caller wrote it: its spaces count.
  refundAccount: (path, _request, _store, { refundAccount }) => refundAccountFaults(path, refundAccount),
  // Chosen before: without a store nothing else can be checked.
  storeId: () => [],
  idempotencyKey: (path, { idempotencyKey }) =>
    identifierFaults(path, idempotencyKey, limits.MAX_IDEMPOTENCY_KEY_LENGTH),
  orderNo: (path, { orderNo }) => identifierFaults(path, orderNo, limits.MAX_IDENTIFIER_LENGTH),
  totalCancelAmount: (path, { totalCancelAmount: total }, store) =>
    total.isZero()
      ? [{ field: path, expected: "more than zero", found: "0" }]
      : amountFaults(path, total, store),
  expectedCancelledTotal: (path, request, store) => amountFaults(path, request.expectedCancelledTotal, store),
  reason: (path, { reason, refundAccount }) =>
    proseFaults(path, reason, limits.MAX_REASON_LENGTH, refundAccount),
  note: (path, { note, refundAccount }) => proseFaults(path, note, limits.MAX_NOTE_LENGTH, refundAccount),
  items: (path, { items }, store) => itemsFaults(path, items, store),
};

/** Everything that can be told about a request by looking at it: nothing is read, stored or sent. */
export function checkRequest(input: CancelPaymentInput, caller: Caller, stores: Stores): CheckedRequest {
  const store = chooseStore(caller, stores, input.storeId, "input.storeId");
  if (store instanceof InvalidArgumentError)
    return { ok: false, store: null, totals: null, errors: [invalid(store)] };
  const request = normalise(input, store);
  const faults = Object.entries(FIELD_RULES).flatMap(([field, rule]) =>
    rule(`input.${field}`, request, store, input),
  );
  if (faults.length > 0) {
    const errors = faults.slice(0, limits.MAX_REPORTED_FAULTS).map(invalid);
    return { ok: false, store, totals: null, errors };
  }
  const totals = computeTotals(request.items, store.amountBasis);
  const expected = totals.total;
  const actual = input.totalCancelAmount;
  if (!expected.equals(actual)) {
    const field = "input.totalCancelAmount";
    const message = `${field} is not ${basisInWords(store.amountBasis)}, which is ${expected.toFixed()}. This call sent nothing.`;
    const errors = [{ code: "AMOUNT_MISMATCH" as const, field, message, expected, actual }];
    return { ok: false, store, totals, errors };
  }
  return { ok: true, store, request, totals };
}

function itemsFaults(path: string, items: readonly CancelItem[], store: Store): Fault[] {
  if (items.length === 0 || items.length > limits.MAX_ITEMS) {
    return [{ field: path, expected: `1 to ${limits.MAX_ITEMS} items`, found: `${items.length}` }];
  }
  const firstWithSeq = new Map<number, number>();
  return items.flatMap((item, index) => {
    const first = firstWithSeq.get(item.seq);
    firstWithSeq.set(item.seq, first ?? index);
    const faults = itemFaults(`${path}.${index}`, item, store);
    if (first === undefined) return faults;
    const found = `that of items.${first}`;
    return [...faults, { field: `${path}.${index}.seq`, expected: "a seq no other item has", found }];
  });
}

/** As it is compared and sent: null for what was left out, and the account number without spaces and hyphens. */
export function normalise(input: CancelPaymentInput, store: Store): CancelRequest {
  const account = input.refundAccount ?? null;
  return {
    idempotencyKey: input.idempotencyKey,
    storeId: store.id,
    orderNo: input.orderNo,
    totalCancelAmount: input.totalCancelAmount,
    items: input.items.map((item) => ({ ...item, taxAmount: item.taxAmount ?? null })),
    refundAccount: account && {
      accountNumber: normaliseAccountNumber(account.accountNumber),
      bankCode: account.bankCode ?? null,
      accountHolderName: account.accountHolderName ?? null,
    },
    reason: input.reason ?? null,
    note: input.note ?? null,
    expectedCancelledTotal: input.expectedCancelledTotal ?? null,
  };
}
