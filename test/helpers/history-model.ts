import { HISTORY_STORES } from "./history-rows.js";
import fc from "fast-check";
import type { HistoryOrder } from "../../src/cancellation/history/cursors.js";
import type { CancellationFilter } from "../../src/cancellation/history/filter.js";
import type { HistoryRow } from "./history-rows.js";

/** What a history should show: the rows that meet a filter, in an order, as plain JavaScript has it. */
export function expectedHistory(
  rows: readonly HistoryRow[],
  filter: CancellationFilter,
  order: HistoryOrder,
  now: Date,
): HistoryRow[] {
  const fitting = rows.filter((row) => meets(row, filter, now) && keyOf(row, order) !== null);
  const sorted = fitting.sort(
    (a, b) =>
      (keyOf(a, order) ?? 0) - (keyOf(b, order) ?? 0) ||
      a.createdAt.getTime() - b.createdAt.getTime() ||
      (a.id < b.id ? -1 : 1),
  );
  return order.direction === "ASC" ? sorted : sorted.reverse();
}

function keyOf(row: HistoryRow, { field }: HistoryOrder): number | null {
  if (field === "TOTAL_CANCEL_AMOUNT") return row.amount;
  return (field === "CREATED_AT" ? row.createdAt : row.resolvedAt)?.getTime() ?? null;
}

export function meets(row: HistoryRow, filter: CancellationFilter, now: Date): boolean {
  const { itemId, itemType, inDoubtLongerThanSeconds } = filter;
  const within = (value: Date | null, from?: Date, before?: Date): boolean =>
    (from === undefined || (value !== null && value >= from)) &&
    (before === undefined || (value !== null && value < before));
  const is = <T>(value: T, asked: T | undefined): boolean => asked === undefined || value === asked;
  return (
    filter.storeIds.includes(row.storeId) &&
    (filter.statuses?.includes(row.status) ?? true) &&
    is<string | null>(row.settlement, filter.settlement) &&
    is<string | null>(row.resolvedBy, filter.resolvedBy) &&
    is(row.orderNo, filter.orderNo) &&
    row.orderNo.startsWith(filter.orderNoPrefix ?? "") &&
    is(row.idempotencyKey, filter.idempotencyKey) &&
    is<string | null>(row.returnRequestId, filter.returnRequestId) &&
    is<string | null>(row.requestId, filter.requestId) &&
    row.items.some((item) => is<string>(item.itemId, itemId) && is(item.itemType, itemType)) &&
    is<string | null>(row.reason, filter.reason) &&
    is<string | null>(row.requestedBy, filter.requestedBy) &&
    is<string | null>(row.failureCode, filter.failureCode) &&
    row.amount >= (filter.amountFrom?.toNumber() ?? 0) &&
    row.amount <= (filter.amountTo?.toNumber() ?? Infinity) &&
    within(row.createdAt, filter.createdFrom, filter.createdBefore) &&
    within(row.resolvedAt, filter.resolvedFrom, filter.resolvedBefore) &&
    is(row.hasDiscrepancies, filter.hasDiscrepancies) &&
    (inDoubtLongerThanSeconds === undefined ||
      (row.status === "UNKNOWN" &&
        row.inDoubtSince !== null &&
        now.getTime() - row.inDoubtSince.getTime() > inDoubtLongerThanSeconds * 1_000))
  );
}

/** Some of the stores, and a few of the conditions at a time: with more, hardly anything is left. */
export function filtersOf(
  conditions: readonly fc.Arbitrary<Partial<CancellationFilter>>[],
  atMost: number,
): fc.Arbitrary<CancellationFilter> {
  return fc
    .tuple(
      fc.subarray([...HISTORY_STORES], { minLength: 1 }),
      fc.array(
        fc.constantFrom(...conditions).chain((condition) => condition),
        { maxLength: atMost },
      ),
    )
    .map(([storeIds, chosen]) => Object.assign({ storeIds }, ...chosen) as CancellationFilter);
}
