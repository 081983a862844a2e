import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgress } from "../../src/commands/progress.ts";
import { seedHistory } from "../history/seed.mjs";
import { STORES } from "../history/vocabulary.mjs";
import { findContenders, PAGING, startContender } from "./contenders.mjs";
import { measure, measureInTurns } from "./rounds.mjs";
import { PAGE_SIZE } from "./contenders/example-cancel.mjs";
import { createSteps } from "./progress.mjs";

const FIRST_WARM_UP = { callers: 16, seconds: 30 };
const WARM_UP_SECONDS = 1;
const PRIVATE = 0o600;
/** The one most of the history is of. */
const [{ id: STORE }] = STORES;

/**
 * Pages of a long history, each caller walking from one to the next by cursor. All read the same database: what one has PostgreSQL keep in
 * memory is there for all.
 */
export async function measurePages(bench, options, notes) {
  const contenders = findContenders(PAGING, options.find, notes);
  const databaseUrl = await bench.server.createDatabase("history");
  const until = new Date();
  const progress = createProgress(process.stderr, () => performance.now());
  const { interrupted } = bench;
  const { rows } = await seedHistory({ url: databaseUrl, count: options.rows, until, progress, interrupted });
  await bench.server.checkpoint();
  const sideCount = contenders.length + 1;
  const steps = createSteps(
    process.stderr,
    "pages",
    sideCount + options.readers.length * sideCount * (options.rounds + 1),
  );
  try {
    return await bench.during(async (defer) => {
      const sides = await startSides(bench, databaseUrl, contenders, defer);
      for (const side of sides) {
        steps.step("warming up");
        await measure(bench, side, { ...FIRST_WARM_UP, count: options.warmUp });
      }
      const cases = [];
      for (const callers of options.readers) {
        const step = (what) => steps.step(`${callers} callers: ${what}`);
        const each = { ...options, callers, warmUpSeconds: WARM_UP_SECONDS, step };
        cases.push({ callers, results: await measureInTurns(bench, sides, each) });
      }
      return { rows: rows.cancellation, items: rows.cancellation_item, pageSize: PAGE_SIZE, cases };
    });
  } finally {
    steps.end();
  }
}

async function startSides(bench, databaseUrl, names, defer) {
  const { ours, interrupted } = bench;
  const { file } = await defer(writeStores(ours.stores));
  const start = (name) =>
    name === "ours"
      ? ours.startWithStores(databaseUrl, file, interrupted)
      : startContender(bench, name, databaseUrl);
  const sides = [];
  for (const name of ["ours", ...names]) {
    sides.push({
      kind: "read",
      name,
      contender: name === "ours" ? ours.contender : { name },
      storeId: STORE,
      pageSize: PAGE_SIZE,
      services: [await defer(start(name))],
    });
  }
  return sides;
}

async function writeStores(stores) {
  const folder = await mkdtemp(join(tmpdir(), "ebp-bench-stores-"));
  const file = join(folder, "stores.json");
  await writeFile(file, JSON.stringify(stores), { mode: PRIVATE });
  return { file, stop: () => rm(folder, { recursive: true, force: true }) };
}
