import type DataLoader from "dataloader";
import type { DocumentNode } from "graphql";
import type { CancellationHistory, OrderLines } from "../cancellation/history/history.js";
import type {
  CancellationEvent,
  CancellationItem,
  CancellationReference,
} from "../cancellation/model/cancellation.js";
import type { Language } from "../cancellation/model/payment-gateway.js";
import type { Stores } from "../cancellation/model/store.js";
import type { UserError } from "../cancellation/model/user-error.js";
import type { Caller } from "../cancellation/model/caller.js";
import type { LiveChanges } from "../cancellation/live/live-changes.js";
import {
  createBoundedLoader,
  createReadBudget,
  createRunningTotalLoaders,
  type RunningTotalLoaders,
} from "./plugins/limits/read-budget.js";

/** What one GraphQL request carries. */
export interface GraphQLContext {
  readonly caller: Caller;
  readonly language: Language;
  /** To quote to the operators. */
  readonly requestId: string;
  /** Not the same for a mutation as for a query. */
  readonly loaders: () => Loaders;
  /** Where the loaders read, from when it is given on. */
  readonly readFrom: (history: CancellationHistory) => void;
  /** What the operation costs at most, in points; zero until it has been counted. */
  cost: number;
  /** How often this request was told that a key stands for another request. */
  reusedKeys: number;
  /** Null where only queries and mutations are answered. */
  readonly live: LiveContext | null;
}

type Given = Pick<GraphQLContext, "caller" | "language" | "requestId" | "live">;

/** Its loaders are made when the first field asks for something: a cancel asks for nothing. Functions, because Apollo Server copies it. */
export function createContext(
  { caller, language, requestId, live }: Given,
  history: CancellationHistory,
): GraphQLContext {
  let readsFrom = history;
  let loaders: Loaders | undefined;
  return {
    caller,
    language,
    requestId,
    live,
    cost: 0,
    reusedKeys: 0,
    loaders: () => (loaders ??= createLoaders(readsFrom)),
    readFrom: (other) => {
      readsFrom = other;
      loaders = undefined;
    },
  };
}

/** What a subscription carries. */
export interface LiveContext {
  readonly changes: LiveChanges;
  readonly stores: Stores;
  /** Given when the stream ends. */
  readonly signal: AbortSignal;
  /** Null until the subscription has passed every check of an operation. */
  accepted: AcceptedSubscription | null;
}

/** A subscription that has passed every check of an operation. */
export interface AcceptedSubscription {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: GraphQLContext;
}

export function countReusedKeys(context: GraphQLContext, errors: readonly UserError[]): void {
  context.reusedKeys += errors.filter(({ code }) => code === "IDEMPOTENCY_KEY_REUSED").length;
}

export interface Loaders {
  readonly items: DataLoader<CancellationReference, CancellationItem[]>;
  readonly events: DataLoader<CancellationReference, CancellationEvent[]>;
  /** The database's clock, by which every time of the history is: read once for a request. */
  readonly now: () => Promise<Date>;
  readonly orderLines: (storeId: string, orderNo: string) => Promise<OrderLines>;
  readonly runningTotals: RunningTotalLoaders["of"];
  /** How many rows have been read for these so far. */
  readonly countRead: () => number;
}

/** For one request: nothing is remembered beyond it. */
function createLoaders(history: CancellationHistory): Loaders {
  let now: Promise<Date> | undefined;
  const items = createBoundedLoader("items", (...batch) => history.items(...batch));
  const events = createBoundedLoader("events", (...batch) => history.events(...batch));
  const orderItems = createReadBudget(
    "items that `lines` adds up",
    "Ask for fewer orders, or page through the `items` of an order's `cancellations`.",
  );
  const runningTotals = createRunningTotalLoaders(history);
  return {
    now: () => (now ??= history.now()),
    items: items.loader,
    events: events.loader,
    orderLines: (storeId, orderNo) =>
      orderItems.spend(
        (atMost) => history.orderLines(storeId, orderNo, atMost),
        ({ itemCount }) => itemCount,
      ),
    runningTotals: runningTotals.of,
    countRead: () =>
      items.countRead() + events.countRead() + orderItems.countRead() + runningTotals.countRead(),
  };
}
