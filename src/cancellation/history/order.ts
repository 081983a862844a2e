import type { Cancellation } from "../model/cancellation.js";
import type { Decimal } from "../model/decimal.js";

/**
 * What a history can be ordered by. Whatever it is, the moment of creation and then the id break ties.
 * - CREATED_AT: when the cancel was asked for.
 * - RESOLVED_AT: when it was decided. What is not decided has no such moment, and is not in this order at all: a place that
 *   changes once it is decided would show it twice, or never.
 * - TOTAL_CANCEL_AMOUNT: the total asked for. Of one currency only: amounts of two cannot be compared.
 */
export const HISTORY_ORDER_FIELDS = ["CREATED_AT", "RESOLVED_AT", "TOTAL_CANCEL_AMOUNT"] as const;
export type HistoryOrderField = (typeof HISTORY_ORDER_FIELDS)[number];

export const ORDER_DIRECTIONS = ["ASC", "DESC"] as const;
export type OrderDirection = (typeof ORDER_DIRECTIONS)[number];

export interface HistoryOrder {
  readonly field: HistoryOrderField;
  readonly direction: OrderDirection;
}

export const NEWEST_FIRST: HistoryOrder = { field: "CREATED_AT", direction: "DESC" };
export const OLDEST_FIRST: HistoryOrder = { field: "CREATED_AT", direction: "ASC" };

/** A place in an order, before or after which a page is read: also where nothing stands any more. */
export interface HistoryPosition {
  /** What is ordered by: a moment, or an amount. None of it ever changes once it is there. */
  readonly key: Date | Decimal;
  readonly createdAt: Date;
  readonly id: string;
}

/** Null for one that has no place in the order. */
export function positionOf(
  { id, createdAt, resolvedAt, totalCancelAmount }: Cancellation,
  { field }: HistoryOrder,
): HistoryPosition | null {
  const keys: Readonly<Record<HistoryOrderField, Date | Decimal | null>> = {
    CREATED_AT: createdAt,
    RESOLVED_AT: resolvedAt,
    TOTAL_CANCEL_AMOUNT: totalCancelAmount,
  };
  const key = keys[field];
  return key === null ? null : { key, createdAt, id };
}
