import type { ExportRequest } from "../../cancellation/history/history.js";
import { CANCELLATION_COLUMNS } from "../cancellation-row.js";
import { Prisma } from "../generated/client.js";
import { equalities, hasItem, rangesAcross, rangesInOrder, statusesOf } from "./conditions.js";
import { beyond, orderBy, sortOf } from "./sort.js";

/** As text, what is not whole: a number of JSON would be rounded on its way. */
const ITEMS = Prisma.sql`(
  SELECT coalesce(json_agg(json_build_object(
    'seq', item.seq, 'itemType', item.item_type, 'itemId', item.item_id, 'quantity', item.quantity,
    'amount', item.amount::text, 'taxAmount', item.tax_amount::text, 'lineTotal', item.line_total::text,
    'confirmedQuantity', item.confirmed_quantity, 'confirmedAmount', item.confirmed_amount::text,
    'confirmedTaxAmount', item.confirmed_tax_amount::text
  ) ORDER BY item.seq), '[]')
  FROM cancellation_item item
  WHERE item.store_id = c.store_id AND item.cancellation_id = c.id
) AS items`;

/**
 * No limit, as PostgreSQL finds out only when it begins: it plans for a tenth of the rows, and takes an index that has them in order.
 * Told that all are wanted, it may well find it cheaper to gather and sort a million.
 */
const UNKNOWN_LIMIT = Prisma.sql`(SELECT NULL::bigint)`;

/**
 * Everything that meets the conditions, in order. Each store, and each state where some are named, is read by an index in that order,
 * and these are merged as they come: nothing is sorted as a whole, whatever there is. Which index that is, is left to PostgreSQL.
 */
export function exportStatement(request: ExportRequest, horizon: Date | null): Prisma.Sql {
  const { filter, direction, limit, withItems } = request;
  const order = { field: "CREATED_AT", direction } as const;
  const sort = sortOf({ order, direction: "forward" });
  const conditions = [
    ...equalities(filter),
    ...rangesInOrder(filter, order),
    ...rangesAcross(filter, order),
    ...hasItem(filter),
    ...(horizon === null ? [] : [Prisma.sql`c.created_at < ${horizon}::timestamptz`]),
    ...beyond(sort, request.after),
  ];
  const ways = filter.storeIds.flatMap((storeId) =>
    (statusesOf(filter) ?? [null]).map((status) => {
      const ofStatus = status === null ? [] : [Prisma.sql`c.status = ${status}::cancellation_status`];
      const all = Prisma.join([Prisma.sql`c.store_id = ${storeId}`, ...ofStatus, ...conditions], " AND ");
      return Prisma.sql`(SELECT c.* FROM cancellation c WHERE ${all} ORDER BY ${orderBy(sort, "c")} LIMIT ${UNKNOWN_LIMIT})`;
    }),
  );
  const columns = withItems ? Prisma.sql`${CANCELLATION_COLUMNS}, ${ITEMS}` : CANCELLATION_COLUMNS;
  return Prisma.sql`
    SELECT ${columns} FROM (${Prisma.join(ways, " UNION ALL ")}) AS c
    ORDER BY ${orderBy(sort, "c")}
    ${limit === null ? Prisma.empty : Prisma.sql`LIMIT ${limit}`}`;
}
