import type { Log } from "./log.js";

/** What has been acquired, to be given back last in, first out. */
export class Releases {
  readonly #stack: { readonly what: string; readonly release: () => Promise<unknown> }[] = [];

  #running: Promise<void> | undefined;

  add(what: string, release: () => Promise<unknown>): void {
    this.#stack.push({ what, release });
  }

  /**
   * Gives everything back, awaited one by one; a release that fails is reported and stops none of the others. Called again, it waits
   * for the same run: a second signal must not take the database from what the first is finishing.
   */
  run(report: (what: string, error: unknown) => void): Promise<void> {
    return (this.#running ??= this.#releaseAll(report));
  }

  async #releaseAll(report: (what: string, error: unknown) => void): Promise<void> {
    for (let last = this.#stack.pop(); last !== undefined; last = this.#stack.pop()) {
      const { what, release } = last;
      await release().catch((error: unknown) => {
        report(what, error);
      });
    }
  }
}

/** Work that is done again and again, never twice at the same time, until the process stops. */
export interface Periodic {
  /** Does it now, or once more as soon as the run under way is over. */
  nudge(): void;
  /** Begins no more runs, and waits for the one under way. */
  stop(): Promise<void>;
}

export interface PeriodicOptions {
  /** Of the work, such as "reconciling": it stands in the log when a run fails, which does not end the others. */
  readonly what: string;
  /** Between two runs, give or take half. The first run is after one interval. */
  readonly intervalMs: number;
  readonly log: Pick<Log, "error">;
  /** They stop it. */
  readonly releases: Releases;
  /** From 0 to 1, asked for each interval: replicas that were started together do not all run at the same moment. */
  readonly jitter?: () => number;
}

/** @param work gets a signal that is aborted when it should stop. */
export function startPeriodic(
  work: (stopping: AbortSignal) => Promise<unknown>,
  { what, intervalMs, log, releases, jitter = Math.random }: PeriodicOptions,
): Periodic {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let again = false;

  function plan(): void {
    timer = setTimeout(run, intervalMs * (0.5 + jitter()));
    timer.unref();
  }

  function run(): void {
    clearTimeout(timer);
    running = work(stopping.signal)
      .then(
        () => undefined,
        (error: unknown) => log.error({ err: error }, `${what} failed; it is tried again`),
      )
      .finally(() => {
        running = null;
        if (stopping.signal.aborted) return;
        if (!again) plan();
        else {
          again = false;
          run();
        }
      });
  }

  async function stop(): Promise<void> {
    stopping.abort();
    clearTimeout(timer);
    await running;
  }

  plan();
  releases.add(what, stop);
  return {
    nudge() {
      if (stopping.signal.aborted) return;
      if (running === null) run();
      else again = true;
    },
    stop,
  };
}
