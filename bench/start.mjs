// node bench/start.mjs: how long the built service takes from its start to /readyz, and what memory it has at rest. After `npm run build`.
import "../scripts/register-typescript.mjs";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { withTemporaryDatabase } from "../scripts/temporary-database.mjs";
import { prepareService } from "./compare/our-service.mjs";
import { describeMachine } from "./history/connection.mjs";

const STARTS = 7;
const REST_MS = 10_000;
const MIGRATIONS = fileURLToPath(new URL("../prisma/migrations", import.meta.url));
const { applyMigrations } = await import("../src/persistence/migrations.ts");

await withTemporaryDatabase(async (url, interrupted) => {
  await applyMigrations({ url, directory: MIGRATIONS, log: () => undefined });
  // Nothing is sent there.
  const ours = await prepareService("http://127.0.0.1:9");
  const started = [];
  const atRest = [];
  for (let n = 0; n < STARTS; n += 1) {
    const began = performance.now();
    const service = await ours.start(url, interrupted);
    while (!(await fetch(`${service.url}/readyz`)).ok) interrupted.throwIfAborted();
    started.push(performance.now() - began);
    await delay(REST_MS);
    atRest.push((await service.memory()) / 1e6);
    await service.stop();
  }
  const { cpu, cores, memoryGiB, node, postgres } = await describeMachine(url);
  console.log(
    `${cpu}, ${cores} cores, ${memoryGiB} GiB; Node ${node}; PostgreSQL ${postgres}; ${STARTS} starts, medians.`,
  );
  console.log(`start to /readyz: ${median(started).toFixed(0)} ms; at rest: ${median(atRest).toFixed(0)} MB`);
});

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
