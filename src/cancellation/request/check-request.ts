import type { Caller } from "../model/caller.js";
import type { CancelItem, CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import { type Fault, InvalidArgumentError } from "../model/errors.js";
import * as limits from "../model/limits.js";
import type { Store, Stores } from "../model/store.js";
import { invalid, type UserError } from "../model/user-error.js";
import { basisInWords, computeTotals } from "./amount-rule.js";
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
  | { readonly ok: true; readonly request: CancelRequest; readonly store: Store }
  | { readonly ok: false; readonly store: Store | null; readonly errors: readonly UserError[] };

type FieldRule = (path: string, input: CancelPaymentInput, store: Store) => Fault[];

/** The rules of each field by itself. Faults are reported in this order. */
const FIELD_RULES: Readonly<Record<keyof CancelPaymentInput, FieldRule>> = {
  refundAccount: (path, { refundAccount }) => refundAccountFaults(path, refundAccount),
  // Chosen before: without a store nothing else can be checked.
  storeId: () => [],
  idempotencyKey: (path, input) =>
    identifierFaults(path, input.idempotencyKey, limits.MAX_IDEMPOTENCY_KEY_LENGTH),
  orderNo: (path, { orderNo }) => identifierFaults(path, orderNo, limits.MAX_IDENTIFIER_LENGTH),
  totalCancelAmount: (path, { totalCancelAmount: total }, store) =>
    total.isZero()
      ? [{ field: path, expected: "more than zero", found: "0" }]
      : amountFaults(path, total, store),
  expectedCancelledTotal: (path, input, store) => amountFaults(path, input.expectedCancelledTotal, store),
  reason: (path, { reason, refundAccount }) =>
    proseFaults(path, reason, limits.MAX_REASON_LENGTH, refundAccount),
  note: (path, { note, refundAccount }) => proseFaults(path, note, limits.MAX_NOTE_LENGTH, refundAccount),
  items: (path, { items }, store) => itemsFaults(path, items, store),
};

/** Everything that can be told about a request by looking at it: nothing is read, stored or sent. */
export function checkRequest(input: CancelPaymentInput, caller: Caller, stores: Stores): CheckedRequest {
  const store = chooseStore(caller, stores, input.storeId, "input.storeId");
  if (store instanceof InvalidArgumentError) return { ok: false, store: null, errors: [invalid(store)] };
  const faults = Object.entries(FIELD_RULES).flatMap(([field, rule]) => rule(`input.${field}`, input, store));
  if (faults.length > 0) {
    return { ok: false, store, errors: faults.slice(0, limits.MAX_REPORTED_FAULTS).map(invalid) };
  }
  const expected = computeTotals(input.items, store.amountBasis).total;
  const actual = input.totalCancelAmount;
  if (!expected.equals(actual)) {
    const field = "input.totalCancelAmount";
    const message = `${field} is not ${basisInWords(store.amountBasis)}, which is ${expected.toFixed()}. This call sent nothing.`;
    return { ok: false, store, errors: [{ kind: "AmountMismatch", field, message, expected, actual }] };
  }
  return { ok: true, store, request: normalise(input, store) };
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

/** As it is compared and sent. */
export function normalise(input: CancelPaymentInput, store: Store): CancelRequest {
  const account = input.refundAccount;
  return {
    ...input,
    storeId: store.id,
    refundAccount:
      account === null ? null : { ...account, accountNumber: normaliseAccountNumber(account.accountNumber) },
  };
}
