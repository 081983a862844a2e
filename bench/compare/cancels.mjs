import { startContender } from "./contenders.mjs";
import { measure } from "./measure.mjs";
import { STORE } from "./our-service.mjs";
import { measureInTurns } from "./rounds.mjs";

/** What is compiled while it runs is compiled then: few callers of a slow upstream would take minutes for it. */
const FIRST_WARM_UP = { callers: 16, seconds: 5 };
const WARM_UP_SECONDS = 1;

/** How many steps there will be, for whoever watches. */
export function countSteps({ callers, delays, rounds }, contenders) {
  const sides = contenders.length + 1;
  return sides + callers.length * delays.length * sides * (rounds + 1);
}

/** Cancels: ours and each contender in turn, for each number of callers and each delay of the upstream. */
export async function measureCancels(bench, options, contenders, step) {
  return bench.during(async (defer) => {
    const sides = await startSides(bench, contenders, defer);
    await bench.upstream.setDelay(0);
    for (const side of sides) {
      step(`${side.name}, warming up`);
      await measure(bench, side, FIRST_WARM_UP);
    }
    const cases = [];
    for (const delay of options.delays) {
      for (const callers of options.callers) {
        await bench.upstream.setDelay(delay);
        await bench.server.checkpoint();
        const told = (what) => step(`${callers} callers, upstream ${delay} ms: ${what}`);
        const results = await measureInTurns(bench, sides, {
          ...options,
          callers,
          warmUpSeconds: WARM_UP_SECONDS,
          step: told,
        });
        cases.push({ callers, delay, results });
      }
    }
    return { cases };
  });
}

async function startSides(bench, contenders, defer) {
  const sides = [];
  const databaseUrl = await bench.server.createDatabase("ours");
  sides.push({
    ...(await sideOf(bench, bench.ours.cancelling, databaseUrl)),
    services: [await defer(bench.ours.start(databaseUrl, bench.interrupted))],
  });
  for (const contender of contenders) {
    const url = contender.needsDatabase === false ? null : await bench.server.createDatabase(contender.name);
    sides.push({
      ...(await sideOf(bench, contender.reference, url)),
      services: [await defer(startContender(bench, contender, url))],
    });
  }
  return sides;
}

export async function sideOf({ server }, contender, databaseUrl) {
  return {
    kind: "cancel",
    name: contender.name,
    contender,
    storeId: STORE,
    announcements: databaseUrl === null ? undefined : await server.countAnnouncements(databaseUrl),
  };
}
