import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/** Resolves as soon as it is so; fails when it does not come to be so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
    await delay(POLL_MS);
  }
}

/** `work` on each, so many at a time. After one fails, no other begins; those under way end first, so that none goes on in the next test. */
export async function eachOf<T>(
  all: readonly T[],
  atATime: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  // Leaving a loop early closes a generator, and so ends the other loops over it.
  const queue = (function* () {
    yield* all;
  })();
  const workers = Array.from({ length: atATime }, async () => {
    for (const one of queue) await work(one);
  });
  await Promise.allSettled(workers);
  await Promise.all(workers);
}
