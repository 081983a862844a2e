import { accountElsewhereFaults, elsewhere } from "./account-elsewhere.js";
import { basisInWords, computeTotals } from "./amount-rule.js";
import type { CancelPaymentInput, CancelRequest } from "./cancel-request.js";
import { chooseStore, type Caller } from "./caller.js";
import { InvalidArgumentError } from "./errors.js";
import {
  amountFaults,
  identifierFaults,
  itemFaults,
  proseFaults,
  refundAccountFaults,
  type Fault,
} from "./field-rules.js";
import { identifiesAccount } from "./holds-account.js";
import * as limits from "./limits.js";
import { normaliseAccountNumber } from "./refund-account.js";
import type { Store, Stores } from "./store.js";
import { invalid, type InvalidInput, type UserError } from "./user-error.js";

export type CheckedRequest =
  | { readonly ok: true; readonly request: CancelRequest; readonly store: Store }
  | { readonly ok: false; readonly store: Store | null; readonly errors: readonly UserError[] };

/** Everything that can be told about a request by looking at it: nothing is read, stored or sent. */
export function checkRequest(input: CancelPaymentInput, caller: Caller, stores: Stores): CheckedRequest {
  const store = storeOf(input, caller, stores);
  if ("kind" in store) return { ok: false, store: null, errors: [store] };

  const misplaced = accountElsewhereFaults(input);
  const isMisplaced = (field: string): boolean => misplaced.some((fault) => fault.field === field);
  const others = [...requestFaults(input, store), ...itemsFaults(input, store)];
  // Of a field that holds the account nothing else is said: it could be quoted.
  const faults = [...misplaced, ...others.filter(({ field }) => !isMisplaced(field))];
  if (faults.length > 0) {
    return { ok: false, store, errors: faults.slice(0, limits.MAX_REPORTED_FAULTS).map(invalid) };
  }

  const expected = computeTotals(input.items, store.amountBasis).total;
  if (!expected.equals(input.totalCancelAmount)) {
    const actual = input.totalCancelAmount;
    const message =
      `input.totalCancelAmount is ${actual.toFixed()}, but ${basisInWords(store.amountBasis)} is ${expected.toFixed()}. ` +
      "Nothing was sent.";
    const field = "input.totalCancelAmount";
    return { ok: false, store, errors: [{ kind: "AmountMismatch", field, message, expected, actual }] };
  }
  return { ok: true, store, request: normalise(input, store) };
}

function storeOf(input: CancelPaymentInput, caller: Caller, stores: Stores): Store | InvalidInput {
  try {
    return chooseStore(caller, stores, input.storeId, "input.storeId");
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      const isAccount = identifiesAccount(input.storeId ?? "", input.refundAccount);
      return invalid(isAccount ? elsewhere(error.field) : error);
    }
    throw error;
  }
}

function requestFaults(input: CancelPaymentInput, store: Store): Fault[] {
  return [
    ...identifierFaults("input.idempotencyKey", input.idempotencyKey, limits.MAX_IDEMPOTENCY_KEY_LENGTH),
    ...identifierFaults("input.orderNo", input.orderNo, limits.MAX_IDENTIFIER_LENGTH),
    ...amountFaults("input.totalCancelAmount", input.totalCancelAmount, store),
    ...(input.totalCancelAmount.isZero()
      ? [{ field: "input.totalCancelAmount", expected: "more than zero", found: "0" }]
      : []),
    ...amountFaults("input.expectedCancelledTotal", input.expectedCancelledTotal, store),
    ...refundAccountFaults("input.refundAccount", input.refundAccount),
    ...proseFaults("input.reason", input.reason, limits.MAX_REASON_LENGTH),
    ...proseFaults("input.note", input.note, limits.MAX_NOTE_LENGTH),
  ];
}

function itemsFaults({ items }: CancelPaymentInput, store: Store): Fault[] {
  if (items.length === 0 || items.length > limits.MAX_ITEMS) {
    return [{ field: "input.items", expected: `1 to ${limits.MAX_ITEMS} items`, found: `${items.length}` }];
  }
  const firstWithSeq = new Map<number, number>();
  return items.flatMap((item, index) => {
    const field = `input.items.${index}`;
    const first = firstWithSeq.get(item.seq);
    firstWithSeq.set(item.seq, first ?? index);
    const repeated =
      first === undefined
        ? []
        : [
            {
              field: `${field}.seq`,
              expected: "a seq no other item has",
              found: `${item.seq}, as in items.${first}`,
            },
          ];
    return [...itemFaults(field, item, store), ...repeated];
  });
}

function normalise(input: CancelPaymentInput, store: Store): CancelRequest {
  const account = input.refundAccount;
  return {
    ...input,
    storeId: store.id,
    refundAccount:
      account === null ? null : { ...account, accountNumber: normaliseAccountNumber(account.accountNumber) },
  };
}
