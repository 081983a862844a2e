import type { ItemType } from "../model/cancel-request.js";
import type {
  Cancellation,
  CancellationEvent,
  CancellationItem,
  CancellationReference,
  CancellationReader,
} from "../model/cancellation.js";
import type { Decimal } from "../model/decimal.js";
import type { CancellationStatus } from "../model/status.js";
import type { HistoryOrder, HistoryPosition, OrderDirection } from "./cursors.js";
import type { CancellationFilter } from "./filter.js";
import type { CancellationStat, StatsGrouping } from "./stats.js";

export interface HistoryWindow {
  readonly order: HistoryOrder;
  /** `forward`: the first `size` after the position. `backward`: the last `size` before it. Both come back in `order`. */
  readonly direction: "forward" | "backward";
  readonly position: HistoryPosition | null;
  readonly size: number;
}

export interface HistoryPage {
  readonly cancellations: readonly Cancellation[];
  /** Whether there is more in the direction of reading. */
  readonly hasMore: boolean;
}

/** What has been cancelled of one order, line by line. */
export interface OrderLines {
  readonly lines: readonly OrderLine[];
  /** The items of cancels that they add up. */
  readonly itemCount: number;
}

/** What an order's cancelled total was once each of some of its cancels had succeeded. */
export interface RunningTotals {
  /** In the order they were asked for; null for a cancel that has not succeeded. */
  readonly totals: readonly (Decimal | null)[];
  /** The cancels that they add up. */
  readonly cancelCount: number;
}

export interface OrderLine {
  readonly seq: number;
  readonly itemType: ItemType;
  readonly itemId: string;
  readonly cancelledQuantity: number;
  readonly cancelledAmount: Decimal;
  readonly inDoubtQuantity: number;
  readonly inDoubtAmount: Decimal;
}

export interface OpenCount {
  readonly status: CancellationStatus;
  readonly count: number;
  readonly oldestSeconds: number;
}

/** Reads. Nothing here changes anything. */
export interface CancellationHistory extends CancellationReader {
  find(storeIds: readonly string[], id: string): Promise<Cancellation | null>;
  findByKey(storeId: string, idempotencyKey: string): Promise<Cancellation | null>;
  page(filter: CancellationFilter, window: HistoryWindow): Promise<HistoryPage>;
  /** Whether anything lies at or beyond a position in a direction; false when there is no position. */
  existsFrom(filter: CancellationFilter, window: Omit<HistoryWindow, "size">): Promise<boolean>;
  /** How many there are in all pages of this order. */
  count(filter: CancellationFilter, order: HistoryOrder): Promise<number>;
  /**
   * Sums over those that meet the filter, told apart as asked and always by currency, in the order of `inOrder`.
   * @throws TooManyError when they are more than MAX_STATS, or their periods than MAX_PERIODS.
   * @throws TooSlowError
   */
  stats(filter: CancellationFilter, grouping: StatsGrouping): Promise<CancellationStat[]>;
  /** @throws TooManyError when they add up more items than `atMost`. */
  orderLines(storeId: string, orderNo: string, atMost: number): Promise<OrderLines>;
  /**
   * After each of these cancels of an order, in the order in which its cancels were decided.
   * @throws TooManyError when they add up more cancels than `atMost`.
   */
  runningTotals(
    storeId: string,
    orderNo: string,
    ids: readonly string[],
    atMost: number,
  ): Promise<RunningTotals>;
  /** The database's clock. */
  now(): Promise<Date>;
  /** How many are open in all stores, by status, and for how long the oldest. */
  openByStatus(): Promise<OpenCount[]>;
  /**
   * Items of several cancellations, each list in order of `seq`, in the order of the references.
   * @throws TooManyError when they are more than `atMost` together.
   */
  items(references: readonly CancellationReference[], atMost?: number): Promise<CancellationItem[][]>;
  /**
   * Events of several cancellations, each list oldest first, in the order of the references.
   * @throws TooManyError when they are more than `atMost` together.
   */
  events(references: readonly CancellationReference[], atMost?: number): Promise<CancellationEvent[][]>;
}

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
