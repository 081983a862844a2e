import type { CancelItem } from "../model/cancel-request.js";
import type { CancelIntent } from "../model/cancellation-ledger.js";
import type { Cancellation } from "../model/cancellation.js";
import type { AmountBasis } from "../model/store.js";

/** The message of the log line that is written for each send. */
export const SENT = "sent";

/**
 * What is logged of a cancel right before it is sent: enough to enter it again after a backup without it was restored. It has no refund
 * account, name, reason or note. Amounts are text.
 */
export interface SentRecord {
  readonly store: string;
  readonly id: string;
  readonly key: string;
  readonly order: string;
  readonly total: string;
  readonly currency: string;
  readonly amountBasis: AmountBasis;
  readonly lines: readonly SentLine[];
  /** Whether the request had a refund account, which is not logged. */
  readonly hasRefundAccount: boolean;
  readonly fingerprint: string;
  /** When the intent was committed, by the database's clock. */
  readonly moment: string;
}

export interface SentLine extends Omit<CancelItem, "amount" | "taxAmount"> {
  readonly amount: string;
  readonly taxAmount: string | null;
}

export function sentRecord(
  { id, store, request, fingerprint }: CancelIntent,
  { createdAt }: Cancellation,
): SentRecord {
  return {
    store: store.id,
    id,
    key: request.idempotencyKey,
    order: request.orderNo,
    total: request.totalCancelAmount.toFixed(),
    currency: store.currencyCode,
    amountBasis: store.amountBasis,
    lines: request.items.map((item) => ({
      ...item,
      amount: item.amount.toFixed(),
      taxAmount: item.taxAmount?.toFixed() ?? null,
    })),
    hasRefundAccount: request.refundAccount !== null,
    fingerprint,
    moment: createdAt.toISOString(),
  };
}
