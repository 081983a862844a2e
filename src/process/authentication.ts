import { createAuthenticator, type Authenticator } from "../auth/authenticator.js";
import type { Config } from "../config/config.js";
import type { Log } from "./log.js";
import { startPeriodic, type Releases } from "./releases.js";

/** A key that its server no longer lists is refused after this time (±50 % jitter). Seldom enough for any key server. */
const KEY_REFRESH_MS = 60_000;

/** A key set has a handful of keys: more bad ones than this have the same fault. */
const MAX_LOGGED_KEYS = 10;

/** The keys are fetched from now on, also while nobody calls, so that no request waits for them. */
export function openAuthentication(
  { auth }: Config,
  storeIds: readonly string[],
  log: Log,
  releases: Releases,
): Pick<Authenticator, "authenticate" | "hasKeys"> {
  const { authenticate, refreshKeys, hasKeys } = createAuthenticator(auth, storeIds, {
    onDown: (error) =>
      log.error(
        { err: error },
        "fetching the keys of callers' tokens fails: the last ones, if any, stay in use",
      ),
    onUp: () => log.info("the keys of callers' tokens can be fetched again"),
    onKeysSkipped: (kids) =>
      log.warn(
        { skipped: kids.length, kids: kids.slice(0, MAX_LOGGED_KEYS) },
        "the key server lists keys that cannot be used: they are skipped, the others stay in use",
      ),
  });
  if (auth.kind === "off") log.warn("authentication is off: whoever reaches this address may cancel");
  if (auth.kind === "jwks") {
    const what = "refreshing the keys of callers' tokens";
    startPeriodic(refreshKeys, { what, intervalMs: KEY_REFRESH_MS, log, releases }).nudge();
  }
  return { authenticate, hasKeys };
}
