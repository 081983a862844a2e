// node bench/export.mjs [rows]: how fast a whole history is exported, and how much memory it takes. A million rows by default.
import "../scripts/register-typescript.mjs";
import { get } from "node:http";
import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { seed } from "./export/seed.mjs";
import { startServiceProcess } from "./service-process.mjs";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";

const ROWS = Number(process.argv[2] ?? 1_000_000);
const MAX_GROWTH = 64 * 1_024 * 1_024;
/** A client that takes a rest of this length after each so many bytes. */
const SLOW = { restMs: 20, everyBytes: 1_000_000 };
const MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));

const { applyMigrations } = await import("../src/persistence/migrations.ts");

await withTemporaryDatabase(async (databaseUrl) => {
  await applyMigrations({ url: databaseUrl, directory: MIGRATIONS, log: () => undefined });
  await seed(databaseUrl, ROWS);
  console.log(
    `${ROWS} cancellations of 3 items each, on ${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node},`,
  );
  console.log(`service and database on one machine, ${new Date().toISOString().slice(0, 10)}.\n`);
  console.log(
    "| file | client | rows | MB | s | rows/s | RSS before, MB | RSS at most, MB | growth, MB | within 64 MB |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const [file, client] of [
    ["csv", "fast"],
    ["csv", "slow"],
    ["ndjson", "fast"],
  ]) {
    // Each on a process of its own: what one has taken, the next would not be seen to take.
    const service = await startServiceProcess(databaseUrl, {
      program: ["--max-semi-space-size=64", "--enable-source-maps", "dist/src/main.js"],
    });
    try {
      console.log(row(file, client, await measure(service, file, client === "slow")));
    } finally {
      await service.stop();
    }
  }
});

async function measure({ url, memory }, file, isSlow) {
  // So that loading and compiling is not measured.
  await download(`${url}/exports/cancellations.${file}?limit=1000`, false);
  memory.reset();
  const before = memory.now();
  const start = performance.now();
  const { bytes, lines } = await download(`${url}/exports/cancellations.${file}`, isSlow);
  const seconds = (performance.now() - start) / 1_000;
  return { bytes, rows: file === "csv" ? lines - 1 : lines, seconds, before, peak: memory.peak() };
}

/** Again while the place of the one before is not free. */
async function download(address, isSlow) {
  for (;;) {
    const answer = await new Promise((resolve, reject) =>
      get(address, { agent: false }, resolve).on("error", reject),
    );
    if (answer.statusCode !== 429) return count(answer, isSlow);
    answer.resume();
    await setTimeout(100);
  }
}

async function count(answer, isSlow) {
  let [bytes, lines, sinceRest] = [0, 0, 0];
  for await (const chunk of answer) {
    bytes += chunk.length;
    sinceRest += chunk.length;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
    if (!isSlow || sinceRest < SLOW.everyBytes) continue;
    sinceRest = 0;
    await setTimeout(SLOW.restMs);
  }
  if (!answer.complete) throw new Error("the export was cut off");
  return { bytes, lines };
}

function row(file, client, { rows, bytes, seconds, before, peak }) {
  const inMegabytes = (count) => (count === null ? "?" : (count / 1_024 / 1_024).toFixed(0));
  const growth = before === null || peak === null ? null : peak - before;
  return `| ${[
    file,
    client,
    rows,
    (bytes / 1_000_000).toFixed(0),
    seconds.toFixed(0),
    (rows / seconds).toFixed(0),
    inMegabytes(before),
    inMegabytes(peak),
    inMegabytes(growth),
    growth === null ? "not measured" : growth <= MAX_GROWTH ? "yes" : "NO",
  ].join(" | ")} |`;
}
