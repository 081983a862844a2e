import { accessKeyExpiries } from "./access-key-expiry.js";
import type { Config } from "./config/config.js";
import type { Log } from "./log.js";
import { startPeriodic } from "./periodic.js";

/** Often enough to be seen in any day's log, seldom enough to be read. */
const DAY_MS = 24 * 60 * 60 * 1_000;

export interface AccessKeyWatch {
  /** The keys that expire soon or have expired. */
  warnings(): readonly { storeId: string; accessKeyExpiresAt: Date; message: string }[];
  /** How long every key will work whose date is known; negative once it has expired. */
  remaining(): readonly { storeId: string; expiresInSeconds: number }[];
  stop(): Promise<void>;
}

/** Warns of access keys that expire soon or have expired: now, and as long as the process runs, which may be longer than the notice. */
export function watchAccessKeys(
  { stores, production }: Pick<Config, "stores" | "production">,
  log: Log,
  now: () => number = Date.now,
  intervalMs: number = DAY_MS,
): AccessKeyWatch {
  const unknown = stores.filter(({ accessKeyExpiresAt }) => accessKeyExpiresAt === null);
  if (production && unknown.length > 0) {
    log.info(
      { storeIds: unknown.map(({ storeId }) => storeId) },
      "when the access keys of these stores expire is not set: nobody will be warned of it",
    );
  }
  const warnings: AccessKeyWatch["warnings"] = () =>
    accessKeyExpiries(stores, now()).flatMap(({ storeId, accessKeyExpiresAt, warning }) =>
      warning === null ? [] : [{ storeId, accessKeyExpiresAt, message: warning }],
    );
  function warn(): Promise<void> {
    for (const { message, ...which } of warnings()) log.warn(which, message);
    return Promise.resolve();
  }

  void warn();
  const daily = startPeriodic(warn, intervalMs);
  return {
    warnings,
    remaining: () =>
      accessKeyExpiries(stores, now()).map(({ storeId, inMs }) => {
        return { storeId, expiresInSeconds: Math.floor(inMs / 1_000) };
      }),
    stop: () => daily.stop(),
  };
}
