import type { CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import { type Fault, InvalidArgumentError } from "../model/errors.js";
import type { Store, Stores } from "../model/store.js";
import { invalid, type UserError } from "../model/user-error.js";
import { basisInWords, computeTotals } from "./amount-rule.js";
import {
  amountFaults,
  identifierFaults,
  itemFaults,
  proseFaults,
  refundAccountFaults,
} from "./field-rules.js";
import { normaliseAccountNumber } from "./refund-account.js";
import type { Caller } from "../model/caller.js";
import { chooseStore } from "./choose-store.js";
import * as limits from "../model/limits.js";

export type CheckedRequest =
  | { readonly ok: true; readonly request: CancelRequest; readonly store: Store }
  | { readonly ok: false; readonly store: Store | null; readonly errors: readonly UserError[] };

/** Everything that can be told about a request by looking at it: nothing is read, stored or sent. */
export function checkRequest(input: CancelPaymentInput, caller: Caller, stores: Stores): CheckedRequest {
  const chosen = storeOf(input, caller, stores);
  const isChosen = !(chosen instanceof InvalidArgumentError);
  if (!isChosen) return { ok: false, store: null, errors: [invalid(chosen)] };

  const store = chosen;
  const faults = [
    ...refundAccountFaults("input.refundAccount", input.refundAccount),
    ...requestFaults(input, store),
    ...itemsFaults(input, store),
  ];
  if (faults.length > 0) {
    return { ok: false, store, errors: faults.slice(0, limits.MAX_REPORTED_FAULTS).map(invalid) };
  }

  const expected = computeTotals(input.items, store.amountBasis).total;
  if (!expected.equals(input.totalCancelAmount)) {
    const actual = input.totalCancelAmount;
    const message =
      `input.totalCancelAmount is not ${basisInWords(store.amountBasis)}, which is ${expected.toFixed()}. ` +
      "This call sent nothing.";
    const field = "input.totalCancelAmount";
    return { ok: false, store, errors: [{ kind: "AmountMismatch", field, message, expected, actual }] };
  }
  return { ok: true, store, request: normalise(input, store) };
}

function storeOf(input: CancelPaymentInput, caller: Caller, stores: Stores): Store | InvalidArgumentError {
  try {
    return chooseStore(caller, stores, input.storeId, "input.storeId");
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error;
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
    ...proseFaults("input.reason", input.reason, limits.MAX_REASON_LENGTH, input.refundAccount),
    ...proseFaults("input.note", input.note, limits.MAX_NOTE_LENGTH, input.refundAccount),
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
              found: `that of items.${first}`,
            },
          ];
    return [...itemFaults(field, item, store), ...repeated];
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
