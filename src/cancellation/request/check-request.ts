import type { Caller } from "../model/caller.js";
import {
  BASIS_IN_WORDS,
  type CancelPaymentInput,
  type CancelRequest,
  type ComputedTotals,
  computeTotals,
} from "../model/cancel-request.js";
import { InvalidArgumentError } from "../model/errors.js";
import { MAX_IDENTIFIER_LENGTH, MAX_REPORTED_FAULTS } from "../model/limits.js";
import type { Store, Stores } from "../model/store.js";
import { invalid, type UserError } from "../model/user-error.js";
import { normalise, requestFaults } from "./request-fields.js";
import { assertText } from "./field-rules.js";

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
  const store = chooseStore(input, caller, stores);
  if (store instanceof InvalidArgumentError)
    return { ok: false, store: null, totals: null, errors: [invalid(store)] };
  const request = normalise(input, store);
  const faults = requestFaults(request, store);
  if (faults.length > 0)
    return { ok: false, store, totals: null, errors: faults.slice(0, MAX_REPORTED_FAULTS).map(invalid) };
  const totals = computeTotals(request.items, store.amountBasis);
  const [expected, actual] = [totals.total, request.totalCancelAmount];
  if (expected.equals(actual)) return { ok: true, store, request, totals };
  const field = "input.totalCancelAmount";
  const message = `${field} is not ${BASIS_IN_WORDS[store.amountBasis]}, which is ${expected.toFixed()}. This call sent nothing.`;
  const mismatch = { code: "AMOUNT_MISMATCH", field, message, expected, actual } as const;
  return { ok: false, store, totals, errors: [mismatch] };
}

/** The store of a request. One that is not the caller's gets the same answer as one that does not exist. */
export function chooseStore(
  { storeId = null }: CancelPaymentInput,
  caller: Caller,
  stores: Stores,
): Store | InvalidArgumentError {
  const field = "input.storeId";
  const found = storeId === null ? "nothing" : "another";
  try {
    const store = findStore(caller, stores, storeId, field);
    return store ?? new InvalidArgumentError(field, "a store you can act for", found);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error;
    throw error;
  }
}

/**
 * The store named, or the caller's only one; null when it does not exist for this caller.
 * @throws InvalidArgumentError for a text that is no id, and when none is named and the caller has several.
 */
export function findStore(
  caller: Caller,
  stores: Stores,
  storeId: string | null | undefined,
  field: string,
): Store | null {
  const own = caller.storeIds.map((id) => stores.get(id)).filter((store) => store !== undefined);
  if (storeId !== null && storeId !== undefined) {
    assertText(field, storeId, MAX_IDENTIFIER_LENGTH);
    return own.find((store) => store.id === storeId) ?? null;
  }
  if (own.length > 1) throw new InvalidArgumentError(field, "one of your stores", "nothing");
  return own[0] ?? null;
}
