import type { ItemType } from "../model/cancel-request.js";
import {
  type Cancellation,
  CANCELLATION_FIELDS,
  type CancellationEvent,
  type CancellationItem,
  type CancellationReader,
  type CancellationReference,
  type ExportField,
  type OrderReference,
  type OrderTotals,
} from "../model/cancellation.js";
import type { Decimal } from "../model/decimal.js";
import type { Failure, FailureCause } from "../model/outcome.js";
import type { CancellationStatus } from "../model/status.js";
import type { HistoryOrder, HistoryPosition, OrderDirection } from "./cursors.js";
import type { CancellationFilter } from "./filter.js";
import type { CancellationStat, StatsGrouping } from "./stats.js";
import type { AmountBasis } from "../model/store.js";

export interface HistoryWindow {
  readonly order: HistoryOrder;
  /** `forward`: the first `size` after the position; `backward`: the last `size` before it. Both are returned in `order`. */
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
  /** How many items of cancels the lines add up. */
  readonly itemCount: number;
}

/** The order's cancelled total after each of some of its cancels. */
export interface RunningTotals {
  /** In the order of the given ids; null for a cancel that has not succeeded. */
  readonly totals: readonly (Decimal | null)[];
  /** How many cancels the totals add up. */
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

/** Reads the history. It changes nothing. */
export interface CancellationHistory extends CancellationReader {
  find(storeIds: readonly string[], id: string): Promise<Cancellation | null>;
  findByKey(storeId: string, idempotencyKey: string): Promise<Cancellation | null>;
  page(filter: CancellationFilter, window: HistoryWindow): Promise<HistoryPage>;
  /** Whether anything lies at or beyond a position in a direction; false without a position. */
  existsFrom(filter: CancellationFilter, window: Omit<HistoryWindow, "size">): Promise<boolean>;
  /** How many cancellations all pages of this order have. */
  count(filter: CancellationFilter, order: HistoryOrder): Promise<number>;
  /**
   * Sums of the cancellations that meet the filter, grouped as asked and always by currency, in the order of `inOrder`.
   * @throws TooManyError when there are more than MAX_STATS sums.
   * @throws TooSlowError
   */
  stats(filter: CancellationFilter, grouping: StatsGrouping): Promise<CancellationStat[]>;
  /** The totals of several orders, in the order of the references; all as of one moment. */
  totalsOf(references: readonly OrderReference[]): Promise<OrderTotals[]>;
  /** @throws TooManyError when the lines add up more items than `atMost`. */
  orderLines(storeId: string, orderNo: string, atMost: number): Promise<OrderLines>;
  /**
   * The order's cancelled total after each of these cancels, counted in the order in which its cancels were decided.
   * @throws TooManyError when the totals add up more cancels than `atMost`.
   */
  runningTotals(
    storeId: string,
    orderNo: string,
    ids: readonly string[],
    atMost: number,
  ): Promise<RunningTotals>;
  /** The database's clock. */
  now(): Promise<Date>;
  /** How many cancellations of all stores are open, and how old the oldest is, by status. */
  openByStatus(): Promise<OpenCount[]>;
  /**
   * Items of several cancellations, each list in order of `seq`, in the order of the references.
   * @throws TooManyError when there are more than `atMost` together.
   */
  items(references: readonly CancellationReference[], atMost?: number): Promise<CancellationItem[][]>;
  /**
   * Events of several cancellations, each list oldest first, in the order of the references.
   * @throws TooManyError when there are more than `atMost` together.
   */
  events(references: readonly CancellationReference[], atMost?: number): Promise<CancellationEvent[][]>;
}

/** A part of the history, in the order of creation. */
export interface ExportRequest {
  readonly filter: CancellationFilter;
  /** ASC ends where the history is complete, so a later export that continues after the last one misses nothing. */
  readonly direction: OrderDirection;
  /** Only what comes after this position. */
  readonly after: HistoryPosition | null;
  /** Null for all. */
  readonly limit: number | null;
  readonly withItems: boolean;
}

export interface ExportedCancellation {
  readonly cancellation: Cancellation;
  /** In order of `seq`; null when not asked for. */
  readonly items: readonly CancellationItem[] | null;
}

/** The history as it was at one moment. Whoever opened the export closes it. */
export interface RunningExport {
  /** Hands over the next few, one by one. @returns how many; 0 at the end. */
  read(take: (exported: ExportedCancellation) => void): Promise<number>;
  /** Releases everything; a read that is running fails. Safe to call twice. */
  close(): Promise<void>;
}

/** The signal closes the export, even while it is being opened. */
export type OpenExport = (request: ExportRequest, signal?: AbortSignal) => Promise<RunningExport>;

/** A cancellation as a file shows it, by the names of the API. */
export type ExportRecord = Omit<Pick<Cancellation, ExportField>, "amountBasis" | "failure"> & {
  /** Its position; `after` it, another export continues. */
  readonly cursor: string;
  readonly amountBasis: Uppercase<AmountBasis>;
  /** `message` is ours, in the caller's language. */
  readonly failure: (Omit<Failure, "cause"> & { readonly message: string }) | null;
  /** Left out of formats without items. */
  readonly items?: readonly CancellationItem[];
};

/** In the order of the columns. */
export const EXPORT_FIELDS = Object.entries(CANCELLATION_FIELDS)
  .filter(([, shown]) => shown === "everywhere" || shown === "export")
  .map(([field]) => field as ExportField);

export function toExportRecord(
  { cancellation, items }: ExportedCancellation,
  cursor: string,
  messages: Readonly<Record<FailureCause, string>>,
): ExportRecord {
  const fields = Object.fromEntries(EXPORT_FIELDS.map((field) => [field, cancellation[field]]));
  return {
    cursor,
    ...(fields as Pick<Cancellation, ExportField>),
    amountBasis: cancellation.amountBasis === "unit" ? "UNIT" : "LINE",
    failure: failureIn(cancellation, messages),
    ...(items !== null && { items }),
  };
}

function failureIn(
  { failure }: Cancellation,
  messages: Readonly<Record<FailureCause, string>>,
): ExportRecord["failure"] {
  if (failure === null) return null;
  const { cause, ...stated } = failure;
  return { message: messages[cause], ...stated };
}
