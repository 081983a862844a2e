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

/** `work` on each, so many at a time. */
export async function eachOf<T>(
  all: readonly T[],
  atATime: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const queue = all.values();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (const one of queue) await work(one);
    }),
  );
}
