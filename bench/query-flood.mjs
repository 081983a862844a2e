// node bench/query-flood.mjs: what the worst accepted queries take, and what the next larger ones get. Ends within a minute.
import "../scripts/register-typescript.mjs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parse } from "graphql";
import { CASES } from "./query-flood/cases.mjs";
import { seed } from "./query-flood/seed.mjs";
import { startServiceProcess } from "./service-process.mjs";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";

const RUNS = 7;
/** All cases together; each is asked at least once, so that the table is whole. */
const BUDGET_MS = 25_000;
const REQUEST_TIMEOUT_MS = 20_000;
const REST_MS = 250;
const REST_TIMEOUT_MS = 5_000;
const MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));

const { applyMigrations } = await import("../src/persistence/migrations.ts");
const { buildGraphQLSchema } = await import("../src/graphql/schema.ts");
const { costOf } = await import("../src/graphql/plugins/limits/query-cost.ts");
const schema = await buildGraphQLSchema({});

await withTemporaryDatabase(async (databaseUrl) => {
  await applyMigrations({ url: databaseUrl, directory: MIGRATIONS, log: () => undefined });
  const history = await seed(databaseUrl);
  const service = await startServiceProcess(databaseUrl);
  try {
    await warmUp(service);
    const rows = await measureAll(service);
    console.log(
      `A history of ${history}; each ${RUNS} times, one after the other, on Node ${process.versions.node}.\n`,
    );
    printTable(rows);
  } finally {
    await service.stop();
  }
});

/** So that compiling is not measured. */
async function warmUp(service) {
  for (const { worst } of CASES) await ask(service, worst);
}

async function measureAll(service) {
  const deadline = performance.now() + BUDGET_MS;
  const rows = [];
  for (const { what, worst, larger } of CASES) {
    const accepted = await measure(service, worst, deadline);
    const refused = await measure(service, larger, deadline);
    rows.push({ what, worst, accepted, larger, refused });
  }
  return rows;
}

async function measure(service, request, deadline) {
  const answers = [];
  for (let run = 0; run < RUNS && (run === 0 || performance.now() < deadline); run += 1) {
    answers.push(await ask(service, request));
  }
  const times = answers.map(({ ms }) => ms).sort((one, other) => one - other);
  const memory = answers.map(({ memory }) => memory).filter((bytes) => bytes !== null);
  return {
    result: answers[0].result,
    kilobytes: answers[0].bytes / 1_000,
    median: times[Math.floor(times.length / 2)],
    max: times.at(-1),
    memory: memory.length === 0 ? null : Math.max(...memory),
  };
}

/** Once the service is at rest again: after one of these it may refuse for a second whatever comes. */
async function ask(service, request) {
  const giveUp = performance.now() + REST_TIMEOUT_MS;
  for (;;) {
    const answer = await askOnce(service, request);
    if (!answer.result.startsWith("503") || performance.now() > giveUp) return answer;
    await setTimeout(REST_MS);
  }
}

async function askOnce({ url, memory }, { query, variables }) {
  memory.reset();
  const before = memory.now();
  const start = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const text = await response.text();
  const ms = performance.now() - start;
  const peak = memory.peak();
  const code = JSON.parse(text).errors?.[0].extensions.code;
  return {
    result: code === undefined ? String(response.status) : `${response.status} ${code}`,
    bytes: text.length,
    ms,
    memory: before === null || peak === null ? null : Math.max(0, peak - before),
  };
}

function printTable(rows) {
  const lines = rows.map(({ what, worst, accepted, larger, refused }) => [
    what,
    costOf({ schema, document: parse(worst.query), variables: worst.variables }),
    tokensOf(worst.query),
    accepted.result,
    `${accepted.median.toFixed(0)} / ${accepted.max.toFixed(0)}`,
    accepted.kilobytes.toFixed(0),
    accepted.memory === null ? "" : (accepted.memory / 1_000_000).toFixed(0),
    larger.what,
    refused.result,
    `${refused.median.toFixed(0)} / ${refused.max.toFixed(0)}`,
  ]);
  const head = [
    "worst accepted query",
    "points",
    "tokens",
    "answer",
    "ms (median / max)",
    "kB",
    "MB more at most",
    "next larger one",
    "answer",
    "ms",
  ];
  for (const cells of [head, head.map(() => "---"), ...lines]) console.log(`| ${cells.join(" | ")} |`);
}

function tokensOf(query) {
  let count = 0;
  for (let token = parse(query).loc.startToken; token !== null; token = token.next) {
    if (!["<SOF>", "<EOF>", "Comment"].includes(token.kind)) count += 1;
  }
  return count;
}
