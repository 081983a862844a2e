// By hand, a page of a store's history from the service's tables: one statement, and JSON of what it gives.
import { createApp, serve } from "./serve.mjs";
import { createPool } from "./steps.mjs";
import { PAGE_SIZE } from "./example-cancel.mjs";

/** Later than anything: where the first page begins. */
const NEWEST = ["infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff"];
const PAGE = `
  SELECT c.id, c.order_no, c.status, trim_scale(c.total_cancel_amount) AS total, c.reason, c.created_at, c.resolved_at, line.items
  FROM cancellation c
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object(
      'itemType', item_type, 'itemId', item_id, 'quantity', quantity, 'amount', trim_scale(amount)::text
    ) ORDER BY seq) AS items
    FROM cancellation_item item WHERE item.store_id = c.store_id AND item.cancellation_id = c.id
  ) AS line
  WHERE c.store_id = $1 AND (c.created_at, c.id) < ($2::timestamptz, $3::uuid)
  ORDER BY c.created_at DESC, c.id DESC
  LIMIT ${PAGE_SIZE + 1}`;

const pool = createPool();
const app = createApp();

app.get("/history", async ({ query: { storeId, after } }) => {
  const values = [storeId, ...(after === undefined ? NEWEST : after.split("_"))];
  const { rows } = await pool.query({ name: "page", text: PAGE, values });
  const edges = rows.slice(0, PAGE_SIZE).map(edge);
  const pageInfo = { hasNextPage: rows.length > PAGE_SIZE, endCursor: edges.at(-1)?.cursor ?? null };
  return { edges, pageInfo };
});

await serve(app, () => pool.end());

function edge(row) {
  const createdAt = row.created_at.toISOString();
  return {
    cursor: `${createdAt}_${row.id}`,
    node: {
      id: row.id,
      orderNo: row.order_no,
      status: row.status,
      totalCancelAmount: row.total,
      reason: row.reason,
      createdAt,
      resolvedAt: row.resolved_at?.toISOString() ?? null,
      items: row.items,
    },
  };
}
