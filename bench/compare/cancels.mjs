import { CANCELLING, findContenders, startContender } from "./contenders.mjs";
import { STORE } from "./our-service.mjs";
import { measure, measureInTurns } from "./rounds.mjs";
import { createSteps } from "./progress.mjs";
import { rounded } from "./report.mjs";

/** What is compiled while it runs is compiled then: few callers of a slow upstream would take minutes for it. */
const FIRST_WARM_UP = { callers: 16, seconds: 30 };
const WARM_UP_SECONDS = 1;

/** Cancels: ours and each contender in turn, for each number of callers and each delay of the upstream. */
export async function measureCancels(bench, options, notes) {
  const contenders = findContenders(CANCELLING, options.find, notes);
  const sideCount = contenders.length + 1;
  const caseCount = options.callers.length * options.delays.length;
  const steps = createSteps(process.stderr, "cancels", sideCount * (1 + caseCount * (options.rounds + 1)));
  try {
    return await bench.during(async (defer) => {
      const sides = await startSides(bench, contenders, defer);
      await bench.upstream.setDelay(0);
      for (const side of sides) {
        steps.step("warming up");
        await measure(bench, side, { ...FIRST_WARM_UP, count: options.warmUp });
        await bench.server.analyze(side.databaseUrl);
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
      const { bytes, cancels } = await bench.server.diskOfCancel(sides[0].databaseUrl);
      notes.add(
        `Ours: ${rounded(bytes / cancels)} bytes of disk for a cancel of one line, after ${rounded(cancels)} of them.`,
      );
      return { cases };
    });
  } finally {
    steps.end();
  }
}

/** Each with a database of its own. */
async function startSides(bench, names, defer) {
  const start = (name, url) =>
    name === "ours" ? bench.ours.start(url, bench.interrupted) : startContender(bench, name, url);
  const sides = [];
  for (const name of ["ours", ...names]) {
    const databaseUrl = await bench.server.createDatabase(name);
    sides.push({
      kind: "cancel",
      name,
      contender: name === "ours" ? bench.ours.contender : { name },
      storeId: STORE,
      databaseUrl,
      announcements: await bench.server.countAnnouncements(databaseUrl),
      services: [await defer(start(name, databaseUrl))],
    });
  }
  return sides;
}
