import type { Caller } from "../model/caller.js";
import type { CancelPaymentInput, CancelRequest } from "../model/cancel-request.js";
import { InvalidArgumentError } from "../model/errors.js";
import { MAX_REPORTED_FAULTS } from "../model/limits.js";
import type { Store, Stores } from "../model/store.js";
import { invalid, type UserError } from "../model/user-error.js";
import { basisInWords, computeTotals, type ComputedTotals } from "./amount-rule.js";
import { chooseStore } from "./choose-store.js";
import { normalise, requestFaults } from "./request-fields.js";

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

/** Everything that can be told about a request by looking at it: nothing is read, stored or sent. */
export function checkRequest(input: CancelPaymentInput, caller: Caller, stores: Stores): CheckedRequest {
  const store = chooseStore(caller, stores, input.storeId, "input.storeId");
  if (store instanceof InvalidArgumentError)
    return { ok: false, store: null, totals: null, errors: [invalid(store)] };
  const request = normalise(input, store);
  const faults = requestFaults(request, store);
  if (faults.length > 0)
    return { ok: false, store, totals: null, errors: faults.slice(0, MAX_REPORTED_FAULTS).map(invalid) };
  const totals = computeTotals(request.items, store.amountBasis);
  const expected = totals.total;
  const actual = request.totalCancelAmount;
  if (expected.equals(actual)) return { ok: true, store, request, totals };
  const field = "input.totalCancelAmount";
  const message = `${field} is not ${basisInWords(store.amountBasis)}, which is ${expected.toFixed()}. This call sent nothing.`;
  return {
    ok: false,
    store,
    totals,
    errors: [{ code: "AMOUNT_MISMATCH", field, message, expected, actual }],
  };
}
