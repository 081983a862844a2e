import type { StoreSettings } from "./cancellation/model/store.js";

/** EBP issues access keys for a year; a month is time enough to have the next one issued and set. */
export const EXPIRY_NOTICE_MS = 30 * 24 * 60 * 60 * 1_000;

/** When a store's access key stops working. Of stores whose date is not known there is none. */
export interface AccessKeyExpiry {
  readonly storeId: string;
  readonly accessKeyExpiresAt: Date;
  /** Negative once it has expired. */
  readonly inMs: number;
  /** What somebody has to be told; null while there is time. */
  readonly warning: string | null;
}

export function accessKeyExpiries(
  stores: readonly Pick<StoreSettings, "storeId" | "accessKeyExpiresAt">[],
  nowMs: number,
): AccessKeyExpiry[] {
  return stores.flatMap(({ storeId, accessKeyExpiresAt }) => {
    if (accessKeyExpiresAt === null) return [];
    const inMs = accessKeyExpiresAt.getTime() - nowMs;
    return [{ storeId, accessKeyExpiresAt, inMs, warning: warningOf(inMs) }];
  });
}

function warningOf(inMs: number): string | null {
  if (inMs <= 0) return "the access key of this store has expired: EBP takes no request with it";
  return inMs <= EXPIRY_NOTICE_MS ? "the access key of this store expires within 30 days" : null;
}
