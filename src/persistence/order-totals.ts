import type { ItemType } from "../cancellation/cancel-request.js";
import { Decimal } from "../cancellation/decimal.js";
import type { OrderTotals } from "../cancellation/history.js";
import { OPEN_STATUSES } from "../cancellation/status.js";
import { exact } from "./cancellation-row.js";
import type { Prisma, PrismaClient } from "./generated/client.js";

interface LineRow {
  readonly seq: number;
  readonly item_type: ItemType;
  readonly item_id: string;
  readonly cancelled_quantity: bigint;
  readonly cancelled_amount: Prisma.Decimal;
  readonly in_doubt_quantity: bigint;
  readonly in_doubt_amount: Prisma.Decimal;
}

/** A line is what stands under one seq, item type and item id: a seq that came with another item is another line. */
export async function readOrderTotals(
  prisma: PrismaClient,
  storeId: string,
  orderNo: string,
): Promise<OrderTotals> {
  // One snapshot: the total and the lines must tell the same story.
  const [order, open, lines] = await prisma.$transaction(
    [
      prisma.cancelledOrder.findUnique({ where: { storeId_orderNo: { storeId, orderNo } } }),
      prisma.cancellation.aggregate({
        where: { storeId, orderNo, status: { in: [...OPEN_STATUSES] } },
        _sum: { totalCancelAmount: true },
      }),
      prisma.$queryRaw<LineRow[]>`
      SELECT
        seq, item_type, item_id,
        coalesce(sum(quantity) FILTER (WHERE status = 'SUCCEEDED'), 0) AS cancelled_quantity,
        coalesce(sum(line_total) FILTER (WHERE status = 'SUCCEEDED'), 0) AS cancelled_amount,
        coalesce(sum(quantity) FILTER (WHERE status <> 'SUCCEEDED'), 0) AS in_doubt_quantity,
        coalesce(sum(line_total) FILTER (WHERE status <> 'SUCCEEDED'), 0) AS in_doubt_amount
      FROM cancellation JOIN cancellation_item item
        ON item.store_id = cancellation.store_id AND item.cancellation_id = cancellation.id
      WHERE cancellation.store_id = ${storeId} AND order_no = ${orderNo} AND status <> 'FAILED'
      GROUP BY seq, item_type, item_id
      ORDER BY seq, item_type, item_id`,
    ],
    { isolationLevel: "RepeatableRead" },
  );
  return {
    cancelledTotal: order === null ? new Decimal(0) : exact(order.cancelledTotal),
    inDoubtTotal: open._sum.totalCancelAmount === null ? new Decimal(0) : exact(open._sum.totalCancelAmount),
    lines: lines.map((line) => ({
      seq: line.seq,
      itemType: line.item_type,
      itemId: line.item_id,
      cancelledQuantity: Number(line.cancelled_quantity),
      cancelledAmount: exact(line.cancelled_amount),
      inDoubtQuantity: Number(line.in_doubt_quantity),
      inDoubtAmount: exact(line.in_doubt_amount),
    })),
  };
}
