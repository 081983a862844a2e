import type { OrderLines, RunningTotals } from "../../cancellation/history/history.js";
import type { ItemType } from "../../cancellation/model/cancel-request.js";
import type { OrderReference, OrderTotals } from "../../cancellation/model/cancellation.js";
import { TooManyError } from "../../cancellation/model/errors.js";
import { exact, exactOrZero } from "../cancellation-row.js";
import type { Prisma, PrismaClient } from "../generated/client.js";

interface LineRow {
  readonly seq: number;
  readonly item_type: ItemType;
  readonly item_id: string;
  readonly cancelled_quantity: bigint;
  readonly cancelled_amount: Prisma.Decimal;
  readonly in_doubt_quantity: bigint;
  readonly in_doubt_amount: Prisma.Decimal;
  readonly items: bigint;
}

/**
 * A line has one seq, item type and item id: a seq with another item is another line. The bound is on the items that are added up, which
 * may be many more than the lines: an order can be cancelled bit by bit.
 */
export async function readOrderLines(
  prisma: Pick<PrismaClient, "$queryRaw">,
  storeId: string,
  orderNo: string,
  atMost: number,
): Promise<OrderLines> {
  const rows = await prisma.$queryRaw<LineRow[]>`
    SELECT
      seq, item_type, item_id,
      coalesce(sum(quantity) FILTER (WHERE status = 'SUCCEEDED'), 0) AS cancelled_quantity,
      coalesce(sum(line_total) FILTER (WHERE status = 'SUCCEEDED'), 0) AS cancelled_amount,
      coalesce(sum(quantity) FILTER (WHERE status <> 'SUCCEEDED'), 0) AS in_doubt_quantity,
      coalesce(sum(line_total) FILTER (WHERE status <> 'SUCCEEDED'), 0) AS in_doubt_amount,
      count(*) AS items
    FROM (
      SELECT status, item.seq, item.item_type, item.item_id, item.quantity, item.line_total
      FROM cancellation JOIN cancellation_item item
        ON item.store_id = cancellation.store_id AND item.cancellation_id = cancellation.id
      WHERE cancellation.store_id = ${storeId} AND order_no = ${orderNo} AND status <> 'FAILED'
      -- One more shows that there are more.
      LIMIT ${atMost + 1}
    ) item
    GROUP BY seq, item_type, item_id
    ORDER BY seq, item_type, item_id`;
  const itemCount = rows.reduce((sum, { items }) => sum + Number(items), 0);
  if (itemCount > atMost) throw new TooManyError("items of an order", atMost);
  return {
    itemCount,
    lines: rows.map((row) => ({
      seq: row.seq,
      itemType: row.item_type,
      itemId: row.item_id,
      cancelledQuantity: Number(row.cancelled_quantity),
      cancelledAmount: exact(row.cancelled_amount),
      inDoubtQuantity: Number(row.in_doubt_quantity),
      inDoubtAmount: exact(row.in_doubt_amount),
    })),
  };
}

interface TotalsRow {
  readonly store_id: string;
  readonly order_no: string;
  readonly cancelled: Prisma.Decimal | null;
  readonly in_doubt: Prisma.Decimal | null;
}

/** In one statement, so that all of them are of one moment. It may read orders of the same number in other stores that are asked for. */
export async function readOrderTotals(
  prisma: Pick<PrismaClient, "$queryRaw">,
  references: readonly OrderReference[],
): Promise<OrderTotals[]> {
  const storeIds = [...new Set(references.map(({ storeId }) => storeId))];
  const orderNos = [...new Set(references.map(({ orderNo }) => orderNo))];
  const rows = await prisma.$queryRaw<TotalsRow[]>`
    SELECT store_id, order_no, cancelled_total AS cancelled, NULL::numeric AS in_doubt FROM cancelled_order
    WHERE store_id = ANY(${storeIds}) AND order_no = ANY(${orderNos})
    UNION ALL
    SELECT store_id, order_no, NULL, sum(total_cancel_amount) FROM cancellation
    WHERE store_id = ANY(${storeIds}) AND order_no = ANY(${orderNos}) AND status IN ('PENDING', 'UNKNOWN')
    GROUP BY store_id, order_no`;
  return references.map(({ storeId, orderNo }) => {
    const ofOrder = rows.filter((row) => row.store_id === storeId && row.order_no === orderNo);
    return {
      cancelledTotal: exactOrZero(ofOrder.find(({ cancelled }) => cancelled !== null)?.cancelled),
      inDoubtTotal: exactOrZero(ofOrder.find(({ in_doubt }) => in_doubt !== null)?.in_doubt),
    };
  });
}

interface RunningRow {
  readonly total: Prisma.Decimal | null;
  readonly cancels: bigint;
}

/** Adds up all cancels of the order, whichever are asked for; that is what is bounded. They come from the index by order number. */
export async function readRunningTotals(
  prisma: Pick<PrismaClient, "$queryRaw">,
  storeId: string,
  orderNo: string,
  ids: readonly string[],
  atMost: number,
): Promise<RunningTotals> {
  const rows = await prisma.$queryRaw<RunningRow[]>`
    WITH succeeded AS (
      SELECT id, resolved_at, total_cancel_amount
      FROM cancellation
      WHERE store_id = ${storeId} AND order_no = ${orderNo} AND status = 'SUCCEEDED'
      -- One more shows that there are more.
      LIMIT ${atMost + 1}
    ), running AS (
      SELECT id, sum(total_cancel_amount) OVER (ORDER BY resolved_at, id) AS total FROM succeeded
    )
    SELECT running.total, (SELECT count(*) FROM succeeded) AS cancels
    FROM unnest(${[...ids]}::uuid[]) WITH ORDINALITY asked (id, place) LEFT JOIN running ON running.id = asked.id
    ORDER BY asked.place`;
  const cancelCount = Number(rows[0]?.cancels ?? 0);
  if (cancelCount > atMost) throw new TooManyError("cancels of an order", atMost);
  return { cancelCount, totals: rows.map(({ total }) => (total === null ? null : exact(total))) };
}
