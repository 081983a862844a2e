import { sideOf } from "./cancels.mjs";
import { measure } from "./measure.mjs";
import { ratios } from "./numbers.mjs";
import { findPgBouncer, startPgBouncer } from "./pgbouncer.mjs";
import { measureInTurns } from "./rounds.mjs";
import { createSteps } from "./steps.mjs";

/** In all, however many processes they are spread over: the load is the same. */
const CALLERS = 64;
const COUNTS = [1, 2, 4];
const POOLED = 2;
const FIRST_WARM_UP_SECONDS = 30;
const WARM_UP_SECONDS = 1;

/**
 * Processes of ours on one database: the same callers spread over one, two and four of them, and over two behind PgBouncer, where it is
 * installed. All of them run all the time, and those not asked are idle.
 */
export async function measureReplicas(bench, options, notes) {
  const program = findPgBouncer();
  if (program === null) notes.add("PgBouncer is not installed: nothing is measured behind it.");
  const sideCount = COUNTS.length + (program === null ? 0 : 1);
  const steps = createSteps(process.stderr, "replicas", sideCount * (options.rounds + 2));
  try {
    return await bench.during(async (defer) => {
      await bench.upstream.setDelay(0);
      const sides = await startSides(bench, program, defer);
      for (const side of sides) {
        steps.step("warming up");
        const count = options.warmUp * side.services.length;
        await measure(bench, side, { callers: CALLERS, seconds: FIRST_WARM_UP_SECONDS, count });
      }
      await bench.server.analyze(sides[0].databaseUrl);
      await bench.server.checkpoint();
      const step = (what) => steps.step(`${CALLERS} callers: ${what}`);
      const each = { ...options, callers: CALLERS, warmUpSeconds: WARM_UP_SECONDS, step };
      const results = await measureInTurns(bench, sides, each);
      const rates = results.map(({ samples }) => samples.map(({ rate }) => rate));
      return {
        callers: CALLERS,
        pooler: sides.find(({ pooler }) => pooler !== undefined)?.pooler.version ?? null,
        results: results.map((result, i) => ({
          ...result,
          ratio: i === 0 ? null : ratios(rates[i], rates[0]),
        })),
      };
    });
  } finally {
    steps.end();
  }
}

async function startSides(bench, program, defer) {
  const { ours, server, interrupted } = bench;
  const databaseUrl = await server.createDatabase("replicas");
  const side = await sideOf(bench, ours.cancelling, databaseUrl);
  const start = (url) => defer(ours.start(url, interrupted));
  const services = [];
  while (services.length < Math.max(...COUNTS)) services.push(await start(databaseUrl));
  const sides = COUNTS.map((count) => ({
    ...side,
    name: count === 1 ? "1 process" : `${count} processes`,
    services: services.slice(0, count),
  }));
  if (program === null) return sides;
  const pooler = await defer(startPgBouncer(program, databaseUrl, server, interrupted));
  const pooled = [];
  while (pooled.length < POOLED) pooled.push(await start(pooler.url));
  return [...sides, { ...side, name: `${POOLED} processes behind PgBouncer`, services: pooled, pooler }];
}
