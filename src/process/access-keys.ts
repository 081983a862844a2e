import type { StoreSettings } from "../cancellation/model/store.js";
import type { Log } from "./log.js";
import { startPeriodic } from "./periodic.js";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** EBP issues access keys for a year; a month is time enough to have the next one issued and set. */
const NOTICE_MS = 30 * DAY_MS;

export interface AccessKeyWatch {
  /** The keys that expire soon or have expired. */
  warnings(): readonly AccessKeyWarning[];
  /** How long each key will work whose date is known; negative once it has expired. */
  remaining(): readonly { storeId: string; expiresInSeconds: number }[];
  stop(): Promise<void>;
}

export interface AccessKeyWarning {
  readonly storeId: string;
  readonly accessKeyExpiresAt: Date;
  readonly message: string;
}

export interface AccessKeyWatchOptions {
  readonly stores: readonly Pick<StoreSettings, "storeId" | "accessKeyExpiresAt">[];
  /** Then it also logs which stores' dates are not known. */
  readonly production: boolean;
  readonly now?: () => number;
  readonly intervalMs?: number;
}

/** Warns of access keys that expire soon or have expired: at the start, and about once a day. */
export function watchAccessKeys(
  { stores, production, now = Date.now, intervalMs = DAY_MS }: AccessKeyWatchOptions,
  log: Log,
): AccessKeyWatch {
  const known = stores.flatMap(({ storeId, accessKeyExpiresAt }) =>
    accessKeyExpiresAt === null ? [] : [{ storeId, accessKeyExpiresAt }],
  );
  if (production && known.length < stores.length) {
    const storeIds = stores.flatMap((store) => (store.accessKeyExpiresAt === null ? [store.storeId] : []));
    log.info({ storeIds }, "these stores have no expiry date of their access key set: nobody will be warned");
  }
  function warnings(): AccessKeyWarning[] {
    return known.flatMap((key) => {
      const inMs = key.accessKeyExpiresAt.getTime() - now();
      return inMs > NOTICE_MS ? [] : [{ ...key, message: messageOf(inMs) }];
    });
  }
  function warn(): Promise<void> {
    for (const { message, ...which } of warnings()) log.warn(which, message);
    return Promise.resolve();
  }

  void warn();
  const daily = startPeriodic(warn, {
    intervalMs,
    onFault: (error) => log.error({ err: error }, "checking the access keys failed"),
  });
  return {
    warnings,
    remaining: () =>
      known.map(({ storeId, accessKeyExpiresAt }) => {
        return { storeId, expiresInSeconds: Math.floor((accessKeyExpiresAt.getTime() - now()) / 1_000) };
      }),
    stop: () => daily.stop(),
  };
}

function messageOf(inMs: number): string {
  return inMs > 0
    ? "the access key of this store expires within 30 days"
    : "the access key of this store has expired: EBP takes no request with it";
}
