/** Work that is done again and again, never twice at the same time. */
export interface Periodic {
  /** Does it now, or once more as soon as the run under way is over. */
  nudge(): void;
  /** No more runs; waits for the one under way. */
  stop(): Promise<void>;
}

/**
 * The first run is after one interval. `jitter`, from 0 to 1, is asked each time: replicas that were started together do not all
 * come at the same moment.
 */
export function startPeriodic(
  work: () => Promise<void>,
  intervalMs: number,
  jitter: () => number = Math.random,
): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;

  function plan(): void {
    if (stopped) return;
    timer = setTimeout(run, intervalMs * (0.5 + jitter()));
    timer.unref();
  }

  function run(): void {
    clearTimeout(timer);
    running = work().finally(() => {
      running = null;
      if (again && !stopped) {
        again = false;
        run();
      } else {
        plan();
      }
    });
    // `work` tells its own failures; one that does not must not end the process.
    running.catch(() => undefined);
  }

  plan();
  return {
    nudge() {
      if (stopped) return;
      if (running === null) run();
      else again = true;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running?.catch(() => undefined);
    },
  };
}
