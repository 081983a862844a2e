import { chooseStore, type Caller } from "../cancellation/caller.js";
import { InvalidArgumentError } from "../cancellation/errors.js";
import type { CancellationFilter } from "../cancellation/history.js";
import type { Stores } from "../cancellation/store.js";
import type { CancellationFilterType } from "./history.input.js";

/** @throws InvalidArgumentError for conditions that nothing can meet, which are mistakes. */
export function toFilter(
  filter: CancellationFilterType | null | undefined,
  caller: Caller,
  stores: Stores,
): CancellationFilter {
  const {
    storeId,
    orderNo,
    status,
    returnRequestId,
    itemId,
    createdFrom,
    createdBefore,
  }: Partial<CancellationFilterType> = filter ?? {};
  if (status?.length === 0)
    throw new InvalidArgumentError("filter.status", "at least one status", "an empty list");
  if (createdFrom && createdBefore && createdFrom >= createdBefore) {
    const expected = `a moment after filter.createdFrom (${createdFrom.toISOString()})`;
    throw new InvalidArgumentError("filter.createdBefore", expected, createdBefore.toISOString());
  }
  return {
    storeIds: storeId ? [chooseStore(caller, stores, storeId, "filter.storeId").id] : caller.storeIds,
    ...(orderNo && { orderNo }),
    ...(status && { statuses: status }),
    ...(returnRequestId && { returnRequestId }),
    ...(itemId && { itemId }),
    ...(createdFrom && { createdFrom }),
    ...(createdBefore && { createdBefore }),
  };
}
