import type { OpenCount } from "../../cancellation/history/history.js";
import { OPEN_STATUSES } from "../../cancellation/model/status.js";
import { Prisma } from "../generated/client.js";
import type { Database } from "../prepared-statements.js";
import { unnamed } from "../statement.js";

/** Reads the open ones only, which the partial index holds. A status of which there is none is told too. */
export async function readOpenByStatus(database: Database): Promise<OpenCount[]> {
  const rows = await database.rows<OpenCount>(
    unnamed(Prisma.sql`
    SELECT
      status, count(*)::integer AS count,
      extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS "oldestSeconds"
    FROM cancellation
    WHERE status IN ('PENDING', 'UNKNOWN')
    GROUP BY status`),
  );
  return OPEN_STATUSES.map(
    (status) => rows.find((row) => row.status === status) ?? { status, count: 0, oldestSeconds: 0 },
  );
}
