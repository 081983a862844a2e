import type { Cancellation, CancellationItem } from "../model/cancellation.js";
import type { Decimal } from "../model/decimal.js";
import type { CancellationFilter } from "./filter.js";
import type { HistoryPosition, OrderDirection } from "./order.js";

/** What is to be read of the history in one go, in the order of creation. */
export interface ExportRequest {
  readonly filter: CancellationFilter;
  /** ASC ends where the history is complete, so that reading on behind the last one, also days later, misses nothing. */
  readonly direction: OrderDirection;
  /** Only what comes after it. */
  readonly after: HistoryPosition | null;
  /** At most so many; null for all. */
  readonly limit: number | null;
  readonly withItems: boolean;
}

export interface ExportedCancellation {
  readonly cancellation: Cancellation;
  readonly totalTaxAmount: Decimal;
  /** In order of `seq`; null when they were not asked for. */
  readonly items: readonly CancellationItem[] | null;
}

/** The history as it was at one moment, read as fast as it is asked for. Whoever opened it closes it. */
export interface RunningExport {
  /** Hands over the next few, one by one, and tells how many they were: none at the end. */
  read(take: (exported: ExportedCancellation) => void): Promise<number>;
  /** Gives everything back, also while something is being read, which then fails. Safe to call twice. */
  close(): Promise<void>;
}

/** When the signal comes, also while it is still being opened, the export is closed by itself. */
export type OpenExport = (request: ExportRequest, signal?: AbortSignal) => Promise<RunningExport>;
