import { InvalidArgumentError } from "../model/errors.js";
import { CANCELLATION_STATUSES, DECIDED_STATUSES, type CancellationStatus } from "../model/status.js";
import type { CancellationFilter } from "./filter.js";
import type { HistoryOrder } from "./order.js";

/** The states that something can have which meets a condition. What is not here can be of any. */
const STATUSES_WITH: Readonly<Partial<Record<keyof CancellationFilter, readonly CancellationStatus[]>>> = {
  // Webhooks tell what became of the money once it has been cancelled.
  settlement: ["SUCCEEDED"],
  resolvedBy: DECIDED_STATUSES,
  resolvedFrom: DECIDED_STATUSES,
  resolvedBefore: DECIDED_STATUSES,
  // Also an answer that proves nothing has its code.
  failureCode: ["FAILED", "UNKNOWN"],
  inDoubtLongerThanSeconds: ["UNKNOWN"],
};

/**
 * Conditions that exclude each other are a mistake of whoever states them: an empty page would hide it.
 * @param prefix of the names of conditions.
 * @throws InvalidArgumentError
 */
export function assertPossible(filter: CancellationFilter, order: HistoryOrder | null, prefix: string): void {
  assertSomeStatus(filter, order, prefix);
  assertAfter(filter, "createdFrom", "createdBefore", prefix);
  assertAfter(filter, "resolvedFrom", "resolvedBefore", prefix);
  // What is decided was asked for before.
  assertAfter(filter, "createdFrom", "resolvedBefore", prefix);
  const { amountFrom, amountTo, orderNo, orderNoPrefix } = filter;
  if (amountFrom !== undefined && amountTo?.lessThan(amountFrom) === true) {
    throw new InvalidArgumentError(`${prefix}amountTo`, `${prefix}amountFrom or more`, "less");
  }
  if (orderNo !== undefined && orderNoPrefix !== undefined && !orderNo.startsWith(orderNoPrefix)) {
    const expected = `one that begins with ${prefix}orderNoPrefix`;
    throw new InvalidArgumentError(`${prefix}orderNo`, expected, "another");
  }
}

function assertAfter(
  filter: CancellationFilter,
  from: "createdFrom" | "resolvedFrom",
  before: "createdBefore" | "resolvedBefore",
  prefix: string,
): void {
  const [first, end] = [filter[from], filter[before]];
  if (first === undefined || end === undefined || first < end) return;
  const found = first > end ? "an earlier one" : "the same";
  throw new InvalidArgumentError(`${prefix}${before}`, `a moment after ${prefix}${from}`, found);
}

/** Names the condition that leaves nothing over, and what those before it have left. */
function assertSomeStatus(filter: CancellationFilter, order: HistoryOrder | null, prefix: string): void {
  let left: readonly CancellationStatus[] = filter.statuses ?? CANCELLATION_STATUSES;
  const narrow = (field: string, to: readonly CancellationStatus[]): void => {
    const both = left.filter((status) => to.includes(status));
    if (both.length === 0) {
      throw new InvalidArgumentError(
        field,
        `the other conditions to leave one of ${to.join(", ")}`,
        left.join(", "),
      );
    }
    left = both;
  };
  for (const [condition, statuses] of Object.entries(STATUSES_WITH)) {
    if (filter[condition as keyof CancellationFilter] !== undefined)
      narrow(`${prefix}${condition}`, statuses);
  }
  if (order?.field === "RESOLVED_AT") narrow("orderBy.field", DECIDED_STATUSES);
}
