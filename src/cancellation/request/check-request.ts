import type { Caller } from "../model/caller.js";
import {
  type CancelPaymentInput,
  type CancelRequest,
  type ComputedTotals,
  computeTotals,
} from "../model/cancel-request.js";
import { InvalidArgumentError } from "../model/errors.js";
import type { Fault } from "../model/fault.js";
import { MAX_IDENTIFIER_LENGTH, MAX_REPORTED_FAULTS } from "../model/limits.js";
import type { Store, Stores } from "../model/store.js";
import { amountMismatch, invalid, type UserError } from "../model/user-error.js";
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
      /** Null while the amounts are invalid. */
      readonly totals: ComputedTotals | null;
      readonly errors: readonly UserError[];
    };

/** As much as any store allows, to look at the rest of a request whose store is not known. */
const ANY_STORE: Store = { id: "", currencyCode: "", currencyDecimals: 4, amountBasis: "unit" };

/**
 * Everything that can be told about a request by looking at it, all faults at once. Nothing is read, stored or sent.
 */
export function checkRequest(input: CancelPaymentInput, caller: Caller, stores: Stores): CheckedRequest {
  const chosen = chooseStore(input, caller, stores);
  if (chosen instanceof InvalidArgumentError) {
    const others = requestFaults(normalise(input, ANY_STORE), ANY_STORE);
    return { ok: false, store: null, totals: null, errors: reported([chosen.fault, ...others]) };
  }
  const request = normalise(input, chosen);
  const faults = requestFaults(request, chosen);
  if (faults.some(isAboutAmounts))
    return { ok: false, store: chosen, totals: null, errors: reported(faults) };
  const totals = computeTotals(request.items, chosen.amountBasis);
  const isMismatch = !totals.total.equals(request.totalCancelAmount);
  if (faults.length === 0 && !isMismatch) return { ok: true, store: chosen, request, totals };
  const errors = reported(faults);
  if (isMismatch) errors.push(amountMismatch(chosen, request.totalCancelAmount, totals.total));
  return { ok: false, store: chosen, totals, errors };
}

function reported(faults: readonly Fault[]): UserError[] {
  return faults.slice(0, MAX_REPORTED_FAULTS).map(invalid);
}

/** With such a fault there is no sum: it could be huge, or repeat an account number that was given as an amount. */
function isAboutAmounts({ field }: Fault): boolean {
  return field === "input.totalCancelAmount" || field?.startsWith("input.items") === true;
}

/** The store of a request. One that is not the caller's gets the same answer as one that does not exist. */
export function chooseStore(
  { storeId = null }: Pick<CancelPaymentInput, "storeId">,
  caller: Caller,
  stores: Stores,
): Store | InvalidArgumentError {
  const field = "input.storeId";
  try {
    const store = findStore(caller, stores, storeId, field);
    const kind = storeId === null ? "storeRequired" : "storeUnknown";
    return store ?? new InvalidArgumentError({ kind, field });
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
  if (own.length > 1) throw new InvalidArgumentError({ kind: "storeRequired", field });
  return own[0] ?? null;
}
