import { findContenders, startContender } from "./contenders.mjs";
import { measure } from "./measure.mjs";
import { STORE } from "./our-service.mjs";
import { measureInTurns } from "./rounds.mjs";
import { createSteps } from "./steps.mjs";

/** What is compiled while it runs is compiled then: few callers of a slow upstream would take minutes for it. */
const FIRST_WARM_UP = { callers: 16, seconds: 30 };
const WARM_UP_SECONDS = 1;

/** Cancels: ours and each contender in turn, for each number of callers and each delay of the upstream. */
export async function measureCancels(bench, options, notes) {
  const found = await findContenders("CANCELLING", options.find);
  for (const note of found.notes) notes.add(note);
  const sideCount = found.contenders.length + 1;
  const caseCount = options.callers.length * options.delays.length;
  const steps = createSteps(process.stderr, "cancels", sideCount * (1 + caseCount * (options.rounds + 1)));
  try {
    return await bench.during(async (defer) => {
      const sides = await startSides(bench, found.contenders, defer);
      await bench.upstream.setDelay(0);
      for (const side of sides) {
        steps.step("warming up");
        await measure(bench, side, { ...FIRST_WARM_UP, count: options.warmUp });
        if (side.databaseUrl !== null) await bench.server.analyze(side.databaseUrl);
      }
      const cases = [];
      for (const delay of options.delays) {
        for (const callers of options.callers) {
          await bench.upstream.setDelay(delay);
          await bench.server.checkpoint();
          const step = (what) => steps.step(`${callers} callers, upstream ${delay} ms: ${what}`);
          const each = { ...options, callers, warmUpSeconds: WARM_UP_SECONDS, step };
          cases.push({ callers, delay, results: await measureInTurns(bench, sides, each) });
        }
      }
      return { cases };
    });
  } finally {
    steps.end();
  }
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
    databaseUrl,
    announcements: databaseUrl === null ? undefined : await server.countAnnouncements(databaseUrl),
  };
}
