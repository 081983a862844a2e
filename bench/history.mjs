// node bench/history.mjs: how long questions to a long history take, beside the same to a short one. After `npm run build`.
import "../scripts/register-typescript.mjs";
import { fileURLToPath } from "node:url";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";
import { CASES } from "./history/cases.mjs";
import { databaseAt, describeMachine, withConnection } from "./history/connection.mjs";
import { measureCase, readFacts } from "./history/measure.mjs";
import { readOptions } from "./history/options.mjs";
import { growthOf, keepsGoal, toMarkdown } from "./history/report.mjs";
import { withServices } from "./history/service.mjs";

const SMALL = "cancellations_of_a_short_history";
/** Of each case: all of them end within eight minutes. */
const BUDGET_MS = 5_000;
const WARM_UP_RUNS = 200;
const MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));

const { applyMigrations } = await import("../src/persistence/migrations.ts");
const { createProgress } = await import("../src/commands/progress.ts");
const { seedHistory } = await import("./history/seed.mjs");

try {
  const options = readOptions(process.argv.slice(2));
  const report = await withTemporaryDatabase((url, interrupted) => run(options, url, interrupted));
  console.log(options.json ? JSON.stringify(report, null, 2) : toMarkdown(report));
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}

async function run(options, largeUrl, interrupted) {
  const until = new Date();
  const smallUrl = databaseAt(largeUrl, SMALL);
  await withConnection(largeUrl, (client) => client.query(`CREATE DATABASE ${SMALL}`));
  const histories = [
    { url: smallUrl, count: options.smallRows },
    { url: largeUrl, count: options.rows },
  ];
  const seeded = [];
  for (const { url, count } of histories) {
    await applyMigrations({ url, directory: MIGRATIONS, log: () => undefined });
    const progress = createProgress(process.stderr, () => performance.now());
    seeded.push(await seedHistory({ url, count, until, progress, interrupted }));
  }
  // What is still to be written to files would be written while something is measured.
  await withConnection(largeUrl, (client) => client.query("CHECKPOINT"));
  const machine = await describeMachine(largeUrl);
  if (options.seedOnly) return { machine, seeded, results: [] };
  const facts = [];
  for (const { url } of histories) facts.push(await readFacts(url, until, interrupted));
  const results = await withServices(
    histories.map(({ url }) => url),
    interrupted,
    (services) =>
      measureAll(
        services.map((service, i) => ({ service, facts: facts[i] })),
        { ...options, budgetMs: BUDGET_MS, interrupted },
      ),
  );
  return { machine, seeded, results };
}

async function measureAll(sides, { only, runs, budgetMs, interrupted }) {
  // What is compiled while it runs is compiled then.
  await measureCase(CASES[0], sides, { runs: WARM_UP_RUNS, budgetMs, interrupted });
  const chosen = CASES.filter(({ name }) => name.includes(only));
  const results = [];
  for (const [index, one] of chosen.entries()) {
    const { name, kind } = one;
    console.error(`${index + 1} of ${chosen.length}: ${name}`);
    results.push({ name, kind, runsAsked: runs, ...(await measured(one)) });
  }
  return results;

  async function measured(one) {
    try {
      const [small, large] = await measureCase(one, sides, { runs, budgetMs, interrupted });
      const result = { small, large };
      return { ...result, growth: growthOf(result), keepsGoal: keepsGoal({ ...one, ...result }) };
    } catch (error) {
      interrupted.throwIfAborted();
      return { failed: error.message };
    }
  }
}
