import { LRUCache } from "lru-cache";
import type { Transition } from "../cancellation/model/cancellation-ledger.js";
import type { Cancellation } from "../cancellation/model/cancellation.js";
import type { SqlValues } from "./statement.js";

/** Longer than a failover takes, or a standby lags. What a backup lacks is entered from the log. */
const KEPT_MS = 15 * 60_000;
/** About 10 000 cancels of three lines. Beyond it the oldest are dropped. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_WEBHOOK_BYTES = 8 * 1024 * 1024;
/** The size of an entry without its texts. */
const ENTRY_BYTES = 1_500;

/** An intent that this replica committed, and the steps that this replica took since. */
export interface RecentRecord {
  /** As `requestRow` makes it: the refund account is encrypted. */
  readonly request: string;
  readonly pending: Cancellation;
  readonly steps: readonly KeptStep[];
}

export interface KeptStep {
  readonly step: Transition;
  /** By `performance.now()`. */
  readonly committedAt: number;
}

/** What this replica committed lately, and an asynchronous failover could lose. */
export class RecentRecords {
  /** By their digests. */
  readonly #webhooks = new LRUCache<string, SqlValues>({
    ttl: KEPT_MS,
    maxSize: MOST_WEBHOOK_BYTES,
    sizeCalculation: ({ bodySealed }) => ENTRY_BYTES + (bodySealed as Uint8Array).length,
    allowStale: false,
  });
  readonly #records = new LRUCache<string, RecentRecord>({
    ttl: KEPT_MS,
    maxSize: MOST_BYTES,
    sizeCalculation: sizeOf,
    allowStale: false,
  });

  intent(request: string, pending: Cancellation): void {
    this.#records.set(pending.id, { request, pending, steps: [] });
  }

  /** Ignored when another replica committed the intent: that replica remembers the cancellation. */
  step({ id }: Cancellation, step: Transition): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    const kept = { step, committedAt: performance.now() };
    this.#records.set(id, { ...record, steps: [...record.steps, kept] });
  }

  /** @param values for the statement that enters it again. */
  webhook(values: SqlValues): void {
    this.#webhooks.set(String(values["digest"]), values);
  }

  webhooks(): readonly SqlValues[] {
    return [...this.#webhooks.values()];
  }

  /** In the order in which they were asked for. */
  all(): readonly RecentRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.pending.id < b.pending.id ? -1 : 1));
  }
}

function sizeOf({ request, steps }: RecentRecord): number {
  const answers = steps.map(({ step }) => step.evidence.rawAnswer ?? "");
  return ENTRY_BYTES + [request, ...answers].reduce((sum, { length }) => sum + 2 * length, 0);
}
