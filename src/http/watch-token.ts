import type { Authenticate } from "../cancellation/model/caller.js";

/** A token whose key has been withdrawn is refused within about this time, as it would be for a new request. */
const CHECK_EVERY_MS = 60_000;

/**
 * Asks again and again whether a token is still taken, and when it ends at the latest. `onEnd` is called once, when it is not.
 * @returns what stops it.
 */
export function watchToken(
  authenticate: Authenticate,
  authorization: string | undefined,
  provenUntil: Date | null,
  onEnd: () => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  function plan(until: Date | null): void {
    const leftMs = until === null ? CHECK_EVERY_MS : until.getTime() - Date.now();
    timer = setTimeout(() => void check(until), Math.min(Math.max(leftMs, 0), CHECK_EVERY_MS)).unref();
  }

  async function check(until: Date | null): Promise<void> {
    // While its key cannot be fetched nothing speaks against it but its end.
    const caller = await authenticate(authorization).catch(() => ({ provenUntil: until }));
    if (isOver) return;
    const isProven =
      caller !== null && (caller.provenUntil === null || caller.provenUntil.getTime() > Date.now());
    if (isProven) plan(caller.provenUntil);
    else onEnd();
  }

  plan(provenUntil);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
