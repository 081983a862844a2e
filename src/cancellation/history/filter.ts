import { findStore, type Caller } from "../caller.js";
import { InvalidArgumentError } from "../errors.js";
import { assertText } from "../field-rules.js";
import type { CancellationFilter } from "./history.js";
import { MAX_IDENTIFIER_LENGTH } from "../limits.js";
import type { CancellationStatus } from "../status.js";
import type { Store, Stores } from "../store.js";

/** Conditions as a caller states them; what is left out, or null, is no condition. */
export interface RequestedFilter {
  readonly storeId?: string | null;
  readonly orderNo?: string | null;
  readonly status?: readonly CancellationStatus[] | null;
  readonly returnRequestId?: string | null;
  readonly itemId?: string | null;
  readonly createdFrom?: Date | null;
  readonly createdBefore?: Date | null;
}

/** EBP's ids are shorter than ours may be, but nobody promises it. */
const MAX_EBP_ID_LENGTH = 200;

/** @throws InvalidArgumentError for conditions that nothing can meet, which are mistakes. */
export function checkFilter(requested: RequestedFilter, caller: Caller, stores: Stores): CancellationFilter {
  const { storeId, orderNo, status, returnRequestId, itemId, createdFrom, createdBefore } = requested;
  if (status?.length === 0)
    throw new InvalidArgumentError("filter.status", "at least one status", "an empty list");
  if (given(createdFrom) && given(createdBefore) && createdFrom >= createdBefore) {
    const expected = `a moment after filter.createdFrom (${createdFrom.toISOString()})`;
    throw new InvalidArgumentError("filter.createdBefore", expected, createdBefore.toISOString());
  }
  return {
    storeIds: given(storeId) ? idsOf(findStore(caller, stores, storeId, "filter.storeId")) : caller.storeIds,
    ...(given(orderNo) && { orderNo: assertText("filter.orderNo", orderNo, MAX_IDENTIFIER_LENGTH) }),
    // Each once: a list may name the same one ten thousand times.
    ...(given(status) && { statuses: [...new Set(status)] }),
    ...(given(returnRequestId) && {
      returnRequestId: assertText("filter.returnRequestId", returnRequestId, MAX_EBP_ID_LENGTH),
    }),
    ...(given(itemId) && { itemId: assertText("filter.itemId", itemId, MAX_IDENTIFIER_LENGTH) }),
    ...(given(createdFrom) && { createdFrom: assertMoment("filter.createdFrom", createdFrom) }),
    ...(given(createdBefore) && { createdBefore: assertMoment("filter.createdBefore", createdBefore) }),
  };
}

/** Of a store that the caller cannot see there is nothing to be found. */
function idsOf(store: Store | null): string[] {
  return store === null ? [] : [store.id];
}

/** The year 0, which ISO 8601 has and PostgreSQL has not. */
function assertMoment(field: string, moment: Date): Date {
  if (moment.getUTCFullYear() >= 1) return moment;
  throw new InvalidArgumentError(field, "a moment of the years 1 to 9999", moment.toISOString());
}

function given<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
