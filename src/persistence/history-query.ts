import type { CancellationFilter, HistoryPosition, HistoryWindow } from "../cancellation/history/history.js";
import type { Prisma } from "./generated/client.js";

type Where = Prisma.CancellationWhereInput;

export function matching(filter: CancellationFilter): Where {
  return {
    storeId: oneOrSeveral(filter.storeIds),
    ...(filter.orderNo !== undefined && { orderNo: filter.orderNo }),
    ...(filter.statuses !== undefined && { status: oneOrSeveral(filter.statuses) }),
    ...(filter.returnRequestId !== undefined && { returnRequestId: filter.returnRequestId }),
    ...(filter.itemId !== undefined && {
      items: { some: { storeId: oneOrSeveral(filter.storeIds), itemId: filter.itemId } },
    }),
    createdAt: {
      ...(filter.createdFrom !== undefined && { gte: filter.createdFrom }),
      ...(filter.createdBefore !== undefined && { lt: filter.createdBefore }),
    },
  };
}

/** The order in which rows are read: backward pages are read from their end. */
export function readsUpwards({ order, direction }: Pick<HistoryWindow, "order" | "direction">): boolean {
  return (order === "OLDEST_FIRST") === (direction === "forward");
}

/**
 * Rows strictly beyond a position, as a bound on the leading column and a tie-break: the bound is what the index can use.
 */
export function beyond({ createdAt, id }: HistoryPosition, upwards: boolean): Where {
  return upwards
    ? {
        AND: [
          { createdAt: { gte: createdAt } },
          { OR: [{ createdAt: { gt: createdAt } }, { id: { gt: id } }] },
        ],
      }
    : {
        AND: [
          { createdAt: { lte: createdAt } },
          { OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] },
        ],
      };
}

export function atOrBeyond(position: HistoryPosition, upwards: boolean): Where {
  return { OR: [{ id: position.id }, beyond(position, upwards)] };
}

export function orderBy(upwards: boolean): Prisma.CancellationOrderByWithRelationInput[] {
  const direction = upwards ? "asc" : "desc";
  return [{ createdAt: direction }, { id: direction }];
}

function oneOrSeveral<T>(values: readonly T[]): T | { in: T[] } {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : { in: [...values] };
}
