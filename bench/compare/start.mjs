import { setTimeout } from "node:timers/promises";
import { sizeOfDependencies } from "./dependencies.mjs";
import { spread } from "./numbers.mjs";
import { createSteps } from "./steps.mjs";

const STARTS = 5;
const AT_REST_MS = 5_000;
const BETWEEN_TRIES_MS = 5;

/** From the start of the process until it says that it can take cancels, on a database that is migrated; and what it takes at rest. */
export async function measureStart(bench) {
  const steps = createSteps(process.stderr, "start", STARTS);
  const [times, memory] = [[], []];
  try {
    const databaseUrl = await bench.server.createDatabase("start");
    for (let start = 1; start <= STARTS; start += 1) {
      steps.step(`${start} of ${STARTS}`);
      await bench.during(async (defer) => {
        const service = await defer(bench.ours.start(databaseUrl, bench.interrupted));
        await untilReady(service, bench.interrupted);
        times.push(performance.now() - service.spawnedAt);
        await setTimeout(AT_REST_MS, undefined, { signal: bench.interrupted });
        memory.push(service.memory());
      });
    }
  } finally {
    steps.end();
  }
  return {
    starts: STARTS,
    ms: spread(times),
    memory: spread(memory),
    dependencies: await sizeOfDependencies(),
  };
}

/** Its log has just said that it listens: seldom is it asked twice. */
async function untilReady({ url }, signal) {
  for (;;) {
    const response = await fetch(`${url}/readyz`, { signal });
    await response.arrayBuffer();
    if (response.status === 200) return;
    await setTimeout(BETWEEN_TRIES_MS, undefined, { signal });
  }
}
