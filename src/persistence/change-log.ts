import type { ChangeHint, ChangeLog, VersionedCancellation } from "../cancellation/live/change.js";
import { toCancellation } from "./cancellation-row.js";
import { Prisma, type Cancellation as CancellationRow, type PrismaClient } from "./generated/client.js";
import { throughPrisma } from "./client.js";

interface ChangeRow {
  readonly now: Date;
  /** Null when nothing has changed: then this is the only row. */
  readonly id: string | null;
  readonly store_id: string;
  readonly order_no: string;
  readonly version: number;
}

/** @param storeIds the stores of this process. */
export function createChangeLog(prisma: PrismaClient, storeIds: readonly string[]): ChangeLog {
  const database = throughPrisma(prisma);
  return {
    async find(ofCaller, ids) {
      const where = { storeId: { in: [...ofCaller] }, id: { in: [...ids] } };
      return (await prisma.cancellation.findMany({ where })).map(toVersioned);
    },

    async read(references) {
      const rows = await prisma.cancellation.findMany({
        where: { OR: references.map(({ storeId, id }) => ({ storeId, id })) },
      });
      return rows.map(toVersioned);
    },

    async since(moment, limit) {
      // By the BRIN index over the times of events, which costs a commit next to nothing.
      const rows = await database.rows<ChangeRow>(
        Prisma.sql`
        /* cancellation: changes */
        WITH look AS (
          SELECT clock_timestamp() AS now, coalesce(${moment}::timestamptz, clock_timestamp() - interval '1 minute') AS since
        ), changed AS (
          SELECT store_id, cancellation_id, max(number) AS version
          FROM cancellation_event
          WHERE store_id = ANY(${[...storeIds]}) AND at >= (SELECT since FROM look)
          GROUP BY store_id, cancellation_id
          ORDER BY max(at) DESC
          LIMIT ${limit + 1}
        )
        SELECT look.now, changed.store_id, changed.version, cancellation.id, cancellation.order_no
        FROM look LEFT JOIN (
          changed JOIN cancellation ON cancellation.store_id = changed.store_id AND cancellation.id = changed.cancellation_id
        ) ON true`,
      );
      const [first] = rows;
      if (first === undefined) throw new Error("reading changes: the statement returned no row");
      const hints = rows.flatMap(toHint);
      return { hints: hints.slice(0, limit), isAll: hints.length <= limit, until: first.now };
    },
  };
}

function toVersioned(row: CancellationRow): VersionedCancellation {
  return { cancellation: toCancellation(row), version: row.eventCount };
}

function toHint({ id, store_id, order_no, version }: ChangeRow): ChangeHint[] {
  return id === null ? [] : [{ storeId: store_id, id, orderNo: order_no, version }];
}
