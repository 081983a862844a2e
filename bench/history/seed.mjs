import { createCancellations } from "./cancellations.mjs";
import { withConnection } from "./connection.mjs";
import { openCopy } from "./copy.mjs";
import { dropIndexes } from "./indexes.mjs";
import { ORDER_TABLE, TABLES } from "./tables.mjs";

const ALL_TABLES = [...TABLES, ORDER_TABLE];
const TABLE_NAMES = ALL_TABLES.map(({ name }) => name);
/** Between two looks at whether PostgreSQL keeps up. */
const BATCH = 500;
/** Of this session: the keys of three million rows are sorted in memory. */
const SORT_IN_MEMORY = "SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2";

/**
 * Fills an empty history with `count` cancellations of three lines on average, over the year that ends at `until` (a Date): the same
 * ones for the same arguments. Returns how many rows each table has, and how long each step took.
 */
export async function seedHistory(options) {
  try {
    return await withConnection(options.url, (client) => fill(client, options), options.interrupted);
  } finally {
    options.progress.end();
  }
}

async function fill(client, { url, count, until, progress, interrupted, seed = 1 }) {
  await assertEmpty(client);
  const steps = [];
  const time = async (what, work) => {
    const start = performance.now();
    const result = await work();
    steps.push({ what, ms: performance.now() - start });
    return result;
  };
  await client.query(SORT_IN_MEMORY);
  const statements = await dropIndexes(client, TABLE_NAMES);
  const rows = await time("copying the rows", () =>
    copyAll({ url, count, until, seed, progress, interrupted }),
  );
  await time("indexes and keys", () => build(client, statements, rows, progress));
  await time("VACUUM (ANALYZE)", () => client.query(`VACUUM (ANALYZE) ${TABLE_NAMES.join(", ")}`));
  return { rows, steps };
}

async function assertEmpty(client) {
  const found = await client.query("SELECT FROM cancelled_order UNION ALL SELECT FROM cancellation LIMIT 1");
  if (found.rowCount > 0) throw new Error("seeding a history: there is one already");
}

/** All tables at once, each over its own connection: PostgreSQL reads on one core what is made on another. */
async function copyAll({ url, count, until, seed, progress, interrupted }) {
  const history = createCancellations({ count, until: until.getTime(), seed });
  const copies = [];
  try {
    for (const table of ALL_TABLES) copies.push(await openCopy(url, table));
    const orderCopy = copies.at(-1);
    for (let index = 0; index < count; index += 1) {
      const cancellation = history.make(index);
      TABLES.forEach(({ rowsOf }, table) => rowsOf(cancellation).forEach(copies[table].write));
      if (index % BATCH > 0) continue;
      interrupted?.throwIfAborted();
      progress.show("cancellations, with their lines and events", index, count);
      for (const copy of copies) await copy.flow();
    }
    for (const [index, order] of history.orders.entries()) {
      orderCopy.write(order);
      if (index % BATCH === 0) await orderCopy.flow();
    }
    const rows = {};
    for (const copy of copies) rows[copy.name] = await copy.end();
    return rows;
  } finally {
    await Promise.all(copies.map((copy) => copy.abandon()));
  }
}

async function build(client, statements, rows, progress) {
  const total = statements.reduce((sum, { table }) => sum + rows[table], 0);
  let done = 0;
  for (const { table, sql } of statements) {
    progress.show("indexes and keys", done, total);
    await client.query(sql);
    done += rows[table];
  }
}
