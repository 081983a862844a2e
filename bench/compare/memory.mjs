import { setTimeout } from "node:timers/promises";
import { sideOf } from "./cancels.mjs";
import { measure } from "./measure.mjs";
import { createSteps } from "./steps.mjs";

const CALLERS = 16;
const PARTS = 10;
const READINGS = 12;
const BETWEEN_READINGS_MS = 250;

/**
 * What the service takes of memory at rest, and after each tenth of so many cancels. The smallest of some readings while nothing is asked:
 * what is to be collected still, or given back, is not what it needs.
 */
export async function measureMemory(bench, options) {
  const steps = createSteps(process.stderr, "memory", PARTS);
  try {
    return await bench.during(async (defer) => {
      await bench.upstream.setDelay(0);
      const databaseUrl = await bench.server.createDatabase("memory");
      const service = await defer(bench.ours.start(databaseUrl, bench.interrupted));
      // Analysed only by autovacuum, as it comes.
      const side = { ...(await sideOf(bench, bench.ours.cancelling, null)), services: [service] };
      const each = Math.round(options.memory / PARTS);
      const readings = [await read(service, 0)];
      for (let part = 1; part <= PARTS; part += 1) {
        steps.step(`${each * (part - 1)} of ${each * PARTS} cancels`);
        await measure(bench, side, { callers: CALLERS, count: each });
        readings.push(await read(service, each * part));
      }
      const [early, late] = [readings[1].resident, readings.at(-1).resident];
      return { callers: CALLERS, readings, growth: early === null ? null : late / early - 1 };
    });
  } finally {
    steps.end();
  }

  async function read(service, cancels) {
    const taken = [];
    for (let reading = 0; reading < READINGS; reading += 1) {
      await setTimeout(BETWEEN_READINGS_MS, undefined, { signal: bench.interrupted });
      taken.push({ resident: service.memory(), heap: null });
    }
    const heap = await heapOf(service, bench.interrupted);
    const known = taken.map(({ resident }) => resident);
    return { cancels, resident: known.includes(null) ? null : Math.min(...known), heap };
  }
}

/** As the service tells it to Prometheus; null where it does not. */
async function heapOf({ url }, signal) {
  const response = await fetch(`${url}/metrics`, { signal });
  const found = /^nodejs_heap_size_used_bytes (\S+)$/mu.exec(await response.text());
  return found === null ? null : Number(found[1]);
}
