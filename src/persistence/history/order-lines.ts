import type { ItemType } from "../../cancellation/model/cancel-request.js";
import { TooManyError } from "../../cancellation/model/errors.js";
import type { OrderLines } from "../../cancellation/history/history.js";
import { exact } from "../cancellation-row.js";
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
 * A line is what stands under one seq, item type and item id: a seq that came with another item is another line. What is bounded is
 * the items that are added up, which may be many more than the lines: an order can be cancelled bit by bit.
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
      -- One more tells that there are more.
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
