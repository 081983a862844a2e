import type { Cancellation, CancellationEvent, CancellationItem } from "../model/cancellation.js";
import type { ItemType } from "../model/cancel-request.js";
import type { Decimal } from "../model/decimal.js";
import type { RequestIdentity } from "../request/same-request.js";
import type { CancellationStatus } from "../model/status.js";
import type { CancellationFilter } from "./filter.js";
import type { HistoryOrder, HistoryPosition } from "./order.js";
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

/** What has been cancelled of one order. */
export interface OrderTotals {
  readonly cancelledTotal: Decimal;
  /** Asked for by cancels that are in flight or in doubt. */
  readonly inDoubtTotal: Decimal;
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

export interface KnownCancellation {
  readonly cancellation: Cancellation;
  readonly identity: RequestIdentity;
}

export interface OpenCount {
  readonly status: CancellationStatus;
  readonly count: number;
  readonly oldestSeconds: number;
}

/** Reads. Nothing here changes anything. */
export interface CancellationHistory {
  find(storeIds: readonly string[], id: string): Promise<Cancellation | null>;
  findByKey(storeId: string, idempotencyKey: string): Promise<Cancellation | null>;
  /** As `findByKey`, with what tells whether a request is the same one again. */
  findRequestByKey(storeId: string, idempotencyKey: string): Promise<KnownCancellation | null>;
  /** The cancellation of an order that is in flight or in doubt. */
  findOpen(storeId: string, orderNo: string): Promise<Cancellation | null>;
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
  /** Both of one moment. */
  orderTotals(storeId: string, orderNo: string): Promise<OrderTotals>;
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

export interface CancellationReference {
  readonly storeId: string;
  readonly id: string;
}
