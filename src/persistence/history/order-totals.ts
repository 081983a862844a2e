import type { OrderTotals } from "../../cancellation/model/cancellation.js";
import { exactOrZero } from "../cancellation-row.js";
import type { Prisma, PrismaClient } from "../generated/client.js";

interface TotalsRow {
  readonly cancelled: Prisma.Decimal | null;
  readonly in_doubt: Prisma.Decimal | null;
}

/** In one statement, so that both are of one moment, and no transaction has to be waited for. */
export async function readOrderTotals(
  prisma: Pick<PrismaClient, "$queryRaw">,
  storeId: string,
  orderNo: string,
): Promise<OrderTotals> {
  const [totals] = await prisma.$queryRaw<TotalsRow[]>`
    SELECT
      (
        SELECT cancelled_total FROM cancelled_order WHERE store_id = ${storeId} AND order_no = ${orderNo}
      ) AS cancelled,
      (
        SELECT sum(total_cancel_amount) FROM cancellation
        WHERE store_id = ${storeId} AND order_no = ${orderNo} AND status IN ('PENDING', 'UNKNOWN')
      ) AS in_doubt`;
  return {
    cancelledTotal: exactOrZero(totals?.cancelled),
    inDoubtTotal: exactOrZero(totals?.in_doubt),
  };
}
