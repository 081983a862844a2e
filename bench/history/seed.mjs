import { withConnection } from "./connection.mjs";
import { dropIndexes } from "./indexes.mjs";
import { FILL, PREPARE } from "./seed-sql.mjs";

const TABLES = Object.keys(FILL);
/** Of this session: the keys of three million rows are sorted in memory. */
const IN_MEMORY =
  "SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2; SET work_mem = '256MB'";

/**
 * Fills an empty history with `count` cancellations of three lines on average, over the year that ends at `until` (a Date): the same
 * ones for the same arguments. Returns how many rows each table has, and how long each step took.
 */
export async function seedHistory({ url, count, until, progress, interrupted }) {
  try {
    return await withConnection(url, (client) => fill(client, count, until, progress), interrupted);
  } finally {
    progress.end();
  }
}

async function fill(client, count, until, progress) {
  const found = await client.query("SELECT FROM cancelled_order UNION ALL SELECT FROM cancellation LIMIT 1");
  if (found.rowCount > 0) throw new Error("seeding a history: there is one already");
  const steps = [];
  const rows = {};
  const work = [];

  await client.query(IN_MEMORY);
  await client.query("SELECT set_config('bench.count', $1, false), set_config('bench.until', $2, false)", [
    String(count),
    until.toISOString(),
  ]);
  const rebuild = await dropIndexes(client, TABLES);
  await step("making the cancellations", () => client.query(PREPARE));
  for (const table of TABLES)
    await step(`filling ${table}`, async () => (rows[table] = (await client.query(FILL[table])).rowCount));
  await step("indexes and keys", async () => {
    for (const sql of rebuild) await client.query(sql);
  });
  await step("VACUUM (ANALYZE)", () => client.query(`VACUUM (ANALYZE) ${TABLES.join(", ")}`));
  return { rows, steps };

  async function step(what, run) {
    progress.show(what, work.push(what), TABLES.length + 3);
    const start = performance.now();
    await run();
    steps.push({ what, ms: performance.now() - start });
  }
}
