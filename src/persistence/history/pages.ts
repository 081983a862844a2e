import type { HistoryOrder } from "../../cancellation/history/cursors.js";
import type { CancellationFilter } from "../../cancellation/history/filter.js";
import type { HistoryPage, HistoryWindow } from "../../cancellation/history/history.js";
import type { Cancellation } from "../../cancellation/model/cancellation.js";
import { toCancellation, type CancellationRow } from "../cancellation-row.js";
import { Prisma } from "../generated/client.js";
import type { Database } from "../prepared-statements.js";
import { named, unnamed } from "../statement.js";
import { hasItem, matching } from "./conditions.js";
import { readHorizon } from "./horizon.js";
import { pageStatement } from "./page-statement.js";
import { sortOf } from "./sort.js";

export async function readPage(
  database: Database,
  filter: CancellationFilter,
  window: HistoryWindow,
): Promise<HistoryPage> {
  const horizon = mayBeOvertaken(filter, window) ? await readHorizon(database) : null;
  // One more than asked for tells whether there is more.
  const statement = pageStatement(filter, { ...window, limit: window.size + 1, horizon });
  const rows = await database.rows<CancellationRow>(
    isPlain(filter) ? named("page", statement) : unnamed(statement),
  );
  const cancellations = rows.slice(0, window.size).map((row): Cancellation => toCancellation(row));
  if (window.direction === "backward") cancellations.reverse();
  return { cancellations, hasMore: rows.length > window.size };
}

export async function existsFrom(
  database: Database,
  filter: CancellationFilter,
  window: Omit<HistoryWindow, "size">,
): Promise<boolean> {
  if (window.position === null) return false;
  const statement = pageStatement(filter, { ...window, limit: 1, inclusive: true });
  const rows = await database.rows(unnamed(statement));
  return rows.length > 0;
}

export async function countMatching(
  database: Database,
  filter: CancellationFilter,
  order: HistoryOrder,
): Promise<number> {
  const conditions = [...matching(filter, order), ...hasItem(filter)];
  const [row] = await database.rows<{ count: number }>(
    unnamed(Prisma.sql`
    SELECT count(*)::integer AS count FROM cancellation c WHERE ${Prisma.join(conditions, " AND ")}`),
  );
  return row?.count ?? 0;
}

/** Without conditions there are some tens of texts; with them there are thousands, and which index is best depends on their values. */
function isPlain({ storeIds: _, ...conditions }: CancellationFilter): boolean {
  return Object.keys(conditions).length === 0;
}

/**
 * Whoever reads upwards comes to what is being written, in whichever order it is shown. Amounts have no such end; and what is written of
 * one order is written, and committed, one after the other, because its row is locked.
 */
function mayBeOvertaken({ orderNo }: CancellationFilter, window: HistoryWindow): boolean {
  const { field, upwards } = sortOf(window);
  return upwards && field !== "TOTAL_CANCEL_AMOUNT" && orderNo === undefined;
}
