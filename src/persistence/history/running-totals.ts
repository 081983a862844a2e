import { TooManyError } from "../../cancellation/model/errors.js";
import type { RunningTotals } from "../../cancellation/history/history.js";
import { exact } from "../cancellation-row.js";
import type { Prisma, PrismaClient } from "../generated/client.js";

interface RunningRow {
  readonly total: Prisma.Decimal | null;
  readonly cancels: bigint;
}

/**
 * All cancels of the order are added up, whatever part of them is asked for: that is what is bounded. An order is cancelled a few
 * times, so they are sorted as they are read, from the index by order number.
 */
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
      -- One more tells that there are more.
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
