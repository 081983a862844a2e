import type { StoreSettings } from "../cancellation/model/store.js";
import type { Log } from "./log.js";
import { startPeriodic, type Releases } from "./releases.js";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** EBP issues access keys for a year; a month is time enough to have the next one issued and set. */
const NOTICE_MS = 30 * DAY_MS;

export interface AccessKeyWarning {
  readonly storeId: string;
  readonly accessKeyExpiresAt: Date;
  readonly message: string;
}

export interface AccessKeys {
  /** The keys that expire soon or have expired. */
  warnings(): readonly AccessKeyWarning[];
  /** How long each key will work whose date is known; negative once it has expired. */
  remaining(): readonly { readonly storeId: string; readonly expiresInSeconds: number }[];
}

export interface WatchedStores {
  readonly stores: readonly Pick<StoreSettings, "storeId" | "accessKeyExpiresAt">[];
  /** Then it also logs which stores' dates are not known. */
  readonly production: boolean;
}

/** Warns of access keys that expire soon or have expired: at the start, and about once a day. */
export function watchAccessKeys(
  { stores, production }: WatchedStores,
  log: Log,
  releases: Releases,
): AccessKeys {
  const known = stores.flatMap(({ storeId, accessKeyExpiresAt }) =>
    accessKeyExpiresAt === null ? [] : [{ storeId, accessKeyExpiresAt }],
  );
  const storeIds = stores.filter((store) => store.accessKeyExpiresAt === null).map(({ storeId }) => storeId);
  if (production && storeIds.length > 0)
    log.info({ storeIds }, "these stores have no expiry date of their access key set: nobody will be warned");

  function warnings(): AccessKeyWarning[] {
    return known.flatMap((key) => {
      const inMs = key.accessKeyExpiresAt.getTime() - Date.now();
      return inMs > NOTICE_MS ? [] : [{ ...key, message: messageOf(inMs) }];
    });
  }
  function warn(): Promise<void> {
    for (const { message, ...which } of warnings()) log.warn(which, message);
    return Promise.resolve();
  }

  void warn();
  startPeriodic(warn, { what: "checking the access keys", intervalMs: DAY_MS, log, releases });
  return {
    warnings,
    remaining: () =>
      known.map(({ storeId, accessKeyExpiresAt }) => {
        return { storeId, expiresInSeconds: Math.floor((accessKeyExpiresAt.getTime() - Date.now()) / 1_000) };
      }),
  };
}

function messageOf(inMs: number): string {
  return inMs > 0
    ? "the access key of this store expires within 30 days"
    : "the access key of this store has expired: EBP takes no request with it";
}
