import DataLoader from "dataloader";
import type { DocumentNode } from "graphql";
import type { CancellationHistory, OrderLines } from "../cancellation/history/history.js";
import type { LiveChanges } from "../cancellation/live/live-changes.js";
import type { Caller } from "../cancellation/model/caller.js";
import type {
  CancellationEvent,
  CancellationItem,
  CancellationReference,
  OrderReference,
  OrderTotals,
} from "../cancellation/model/cancellation.js";
import type { Decimal } from "../cancellation/model/decimal.js";
import { TooManyError } from "../cancellation/model/errors.js";
import type { Language } from "../cancellation/model/payment-gateway.js";
import type { Stores } from "../cancellation/model/store.js";
import { MESSAGES, type Messages, type Text } from "../messages/messages.js";
import { Refusal } from "./plugins/errors.js";
import { MAX_CHILDREN, pointsOf } from "./plugins/limits.js";

/** What one GraphQL request carries. */
export interface GraphQLContext {
  readonly caller: Caller;
  readonly language: Language;
  /** In that language. */
  readonly messages: Messages;
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

/** Its loaders are made when the first field asks for something: a cancel asks for nothing. Functions, because Apollo Server copies it. */
export function createContext(
  { caller, language, requestId, live }: Pick<GraphQLContext, "caller" | "language" | "requestId" | "live">,
  history: CancellationHistory,
): GraphQLContext {
  let readsFrom = history;
  let loaders: Loaders | undefined;
  return {
    caller,
    language,
    messages: MESSAGES[language],
    requestId,
    live,
    cost: 0,
    reusedKeys: 0,
    loaders: () => (loaders ??= new Loaders(readsFrom)),
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
  /** The rate limits' bucket that paid when it began. */
  readonly bucket: string;
}

/** Bounds how many rows of one kind one request reads. The cost of a query cannot foresee this number. */
class ReadBudget {
  #left = MAX_CHILDREN;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param text tells the caller who asks for too many what to do. */
  constructor(private readonly text: Text) {}

  /** All of the budget after a read that found too many. */
  get countRead(): number {
    return MAX_CHILDREN - this.#left;
  }

  /** Reads at most what is left. Reads run one after the other, so that each knows what is left. */
  spend<Found>(read: (atMost: number) => Promise<Found>, countOf: (found: Found) => number): Promise<Found> {
    const found = this.#reading
      .then(() => read(this.#left))
      .then(
        (rows) => {
          this.#left -= countOf(rows);
          return rows;
        },
        (error: unknown) => this.#refuse(error),
      );
    this.#reading = found.catch(() => undefined);
    return found;
  }

  #refuse(error: unknown): never {
    if (!(error instanceof TooManyError)) throw error;
    // The rows were read, so they are paid for. Otherwise one request could have many lists read again and again for nothing.
    this.#left = 0;
    throw new Refusal(this.text, { code: "QUERY_TOO_COMPLEX" });
  }
}

// No loader caches, so a field that is resolved after a mutation sees what the mutation wrote.
const UNCACHED = { cache: false } as const;

/** What the fields of one request read: together for a whole page, and within bounds. */
export class Loaders {
  readonly #budgets = {
    items: new ReadBudget(({ refusals }) => refusals.tooManyItems(MAX_CHILDREN)),
    events: new ReadBudget(({ refusals }) => refusals.tooManyEvents(MAX_CHILDREN)),
    orderItems: new ReadBudget(({ refusals }) => refusals.tooManyLines(MAX_CHILDREN)),
    totals: new ReadBudget(({ refusals }) => refusals.tooManyTotals(MAX_CHILDREN)),
  };
  readonly #totals = new Map<string, DataLoader<string, Decimal | null>>();
  #now: Promise<Date> | undefined;
  readonly items: DataLoader<CancellationReference, CancellationItem[]>;
  readonly events: DataLoader<CancellationReference, CancellationEvent[]>;
  readonly orderTotals: DataLoader<OrderReference, OrderTotals>;

  constructor(private readonly history: CancellationHistory) {
    const { items, events } = this.#budgets;
    const countIn = (lists: readonly unknown[][]): number => lists.flat().length;
    this.items = new DataLoader(
      (of) => items.spend((atMost) => history.items(of, atMost), countIn),
      UNCACHED,
    );
    this.orderTotals = new DataLoader((of) => history.totalsOf(of), UNCACHED);
    this.events = new DataLoader(
      (of) => events.spend((atMost) => history.events(of, atMost), countIn),
      UNCACHED,
    );
  }

  /** What has been read for these so far, in points of cost. */
  get pointsRead(): number {
    return pointsOf(Object.values(this.#budgets).reduce((sum, { countRead }) => sum + countRead, 0));
  }

  /** The database's clock, by which every time of the history is: read once for a request. */
  now(): Promise<Date> {
    return (this.#now ??= this.history.now());
  }

  orderLines(storeId: string, orderNo: string): Promise<OrderLines> {
    return this.#budgets.orderItems.spend(
      (atMost) => this.history.orderLines(storeId, orderNo, atMost),
      ({ itemCount }) => itemCount,
    );
  }

  /** Loads the running totals of a page of one order's cancels at once, by the cancels' ids. */
  runningTotals(storeId: string, orderNo: string): DataLoader<string, Decimal | null> {
    const key = JSON.stringify([storeId, orderNo]);
    const known = this.#totals.get(key);
    if (known !== undefined) return known;
    const loader = new DataLoader<string, Decimal | null>(async (ids) => {
      const { totals } = await this.#budgets.totals.spend(
        (atMost) => this.history.runningTotals(storeId, orderNo, ids, atMost),
        ({ cancelCount }) => cancelCount,
      );
      return totals;
    }, UNCACHED);
    this.#totals.set(key, loader);
    return loader;
  }
}
