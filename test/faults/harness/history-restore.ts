import { until } from "./wait.js";
import { command } from "./history-events.js";
import type { Database } from "./rows.js";

/** What hangs on an order, in an order in which it can be written. */
const TABLES: readonly (readonly [table: string, ofOrder: string])[] = [
  ["cancelled_order", "order_no = $1"],
  ["cancellation", "order_no = $1"],
  ["cancellation_item", "cancellation_id IN (SELECT id FROM cancellation WHERE order_no = $1)"],
  ["cancellation_event", "cancellation_id IN (SELECT id FROM cancellation WHERE order_no = $1)"],
  ["webhook_event", "order_no = $1"],
];

/** All that a standby has of one order, as text. */
export type OrderCopy = ReadonlyMap<string, string>;

/** What an earlier process had in doubt, none that is alive remembers: of that the commands further down say nothing. */
export const standbyFallsBehind = command(
  "a standby falls behind",
  ({ requests, open }) => requests.length > 0 && open?.isRemembered !== false,
  async (model, { world, orderNo }) => {
    const copy = new Map<string, string>();
    for (const [table, ofOrder] of TABLES) {
      const sql = `SELECT coalesce(jsonb_agg(t), '[]')::text AS rows FROM ${table} t WHERE ${ofOrder}`;
      const [{ rows }] = await world.database.sql(sql, [orderNo]);
      copy.set(table, rows);
    }
    model.keepCopy(copy);
  },
);

/** PostgreSQL has then forgotten what came since, and the replica that is alive notices. */
export const standbyIsPromoted = command(
  "the standby is promoted",
  ({ copy }) => copy !== undefined,
  async (model, { world, orderNo }) => {
    const { database } = world;
    await goBack(database, orderNo, model.goBack());
    const before = await historyId(database);
    await database.sql("UPDATE database_history SET beat = beat - 1000");
    await until("the replica has noticed, and sends again", async () => {
      const { status } = await fetch(`${world.app.url}/readyz`);
      return status === 200 && (await historyId(database)) !== before;
    });
  },
);

async function goBack(database: Database, orderNo: string, copy: OrderCopy): Promise<void> {
  for (const [table, ofOrder] of [...TABLES].reverse()) {
    await database.sql(`DELETE FROM ${table} WHERE ${ofOrder}`, [orderNo]);
  }
  for (const [table, rows] of copy) {
    await database.sql(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [
      rows,
    ]);
  }
}

async function historyId(database: Database): Promise<string> {
  const [{ id }] = await database.sql("SELECT id FROM database_history");
  return id;
}
