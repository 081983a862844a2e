import type { World } from "./world.js";

const ATTEMPTS = 5;
const HOUR_MS = 3_600_000;
/** One makes doubt of a lease that ran out, the next sees it for the first time, a third decides it; a fourth finds nothing new to decide. */
const ROUNDS = 4;

/**
 * Lets time pass until every cancellation in question is decided, or cannot be. Instead of waiting, rows are made older. That is
 * only right once nobody can be about to send any of them, all that was sent has arrived, and every late effect has
 * landed: then the real passing of time would change nothing else either.
 */
export async function settle(world: World, ids?: readonly string[]): Promise<void> {
  await world.upstreamHasReadEverything();
  for (let round = 0; round < ROUNDS; round += 1) {
    await world.database.age(ids ?? null, HOUR_MS);
    world.passedMs += HOUR_MS;
    await reconcileOnce(world);
  }
}

/** Makes what is in doubt due, and no older: its lookup is made now, and must not take silence for proof. */
export async function lookUpNow(world: World, ids?: readonly string[]): Promise<void> {
  await world.database.age(ids ?? null, 0);
  await reconcileOnce(world);
}

export async function reconcileOnce(world: World): Promise<void> {
  // A machine that has much else to do may keep a row from its connection: its turn comes again.
  for (let attempt = 1; ; attempt += 1) {
    const { failed } = await world.app.reconcile();
    if (failed === 0) return;
    if (attempt === ATTEMPTS) throw new Error(`the reconciler failed on ${failed} rows, ${attempt} times`);
    await world.database.age(null, 0);
  }
}
