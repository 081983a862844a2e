import { SingleBar } from "cli-progress";

const FORMAT = "{bar} {percentage}% {what}";

/** How far a part is: a bar on a terminal, elsewhere a line for each case. */
export function createSteps(stream, part, total) {
  const bar = stream.isTTY ? new SingleBar({ stream, format: FORMAT, hideCursor: true, barsize: 20 }) : null;
  bar?.start(total, 0, { what: part });
  let [done, shown] = [0, undefined];
  return {
    step(what) {
      bar?.update(done, { what: `${part}: ${what}` });
      done += 1;
      // Without the contender and its round, which would fill a log.
      const [line] = what.split(":");
      if (bar === null && line !== shown) stream.write(`${part}: ${line}\n`);
      shown = line;
    },
    end() {
      bar?.update(done);
      bar?.stop();
    },
  };
}

/**
 * Runs `work` with a function that takes what is being started, waits for it, and has its `stop` called when `work` is over, however that
 * ends; all at once, for none needs another to stop.
 */
export async function during(work) {
  const stops = [];
  try {
    return await work(async (starting) => {
      const started = await starting;
      stops.push(() => started.stop());
      return started;
    });
  } finally {
    await Promise.all(stops.map((stop) => stop()));
  }
}
