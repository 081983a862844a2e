import DataLoader from "dataloader";
import { GraphQLError } from "graphql";
import type { CancellationHistory, OrderLines } from "../cancellation/history/history.js";
import type {
  CancellationEvent,
  CancellationItem,
  CancellationReference,
} from "../cancellation/model/cancellation.js";
import type { Decimal } from "../cancellation/model/decimal.js";
import { TooManyError } from "../cancellation/model/errors.js";
import { MAX_CHILDREN } from "./plugins/limits.js";

/** Bounds how many rows of one kind one request reads. The cost of a query cannot foresee this number. */
class ReadBudget {
  #left = MAX_CHILDREN;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param refusal names the rows, and tells the caller what to do. */
  constructor(private readonly refusal: { readonly what: string; readonly instead: string }) {}

  /** All of the budget after a read that found too many. */
  get countRead(): number {
    return MAX_CHILDREN - this.#left;
  }

  /** Reads at most what is left. Reads run one after the other, so that each knows what is left. */
  spend<Found>(read: (atMost: number) => Promise<Found>, countOf: (found: Found) => number): Promise<Found> {
    const found = this.#reading.then(() => this.#readWithin(read, countOf));
    this.#reading = found.catch(() => undefined);
    return found;
  }

  async #readWithin<Found>(
    read: (atMost: number) => Promise<Found>,
    countOf: (found: Found) => number,
  ): Promise<Found> {
    try {
      const found = await read(this.#left);
      this.#left -= countOf(found);
      return found;
    } catch (error) {
      if (!(error instanceof TooManyError)) throw error;
      // The rows were read, so they are paid for. Otherwise one request could have many lists read again and again for nothing.
      this.#left = 0;
      const { what, instead } = this.refusal;
      const message = `The ${what} are more than ${MAX_CHILDREN} together, which is the most that is read for one request. ${instead}`;
      throw new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } });
    }
  }
}

// No loader caches, so a field that is resolved after a mutation sees what the mutation wrote.
const UNCACHED = { cache: false } as const;

/** Loads the children of all cancellations of a page at once. */
function childLoader<Child>(
  budget: ReadBudget,
  read: (references: readonly CancellationReference[], atMost: number) => Promise<Child[][]>,
): DataLoader<CancellationReference, Child[]> {
  return new DataLoader(
    (references) =>
      budget.spend(
        (atMost) => read(references, atMost),
        (lists) => lists.reduce((sum, list) => sum + list.length, 0),
      ),
    UNCACHED,
  );
}

/** What the fields of one request read, together and within bounds. */
export class Loaders {
  readonly #budgets = {
    items: new ReadBudget({ what: "items asked for", instead: "Ask for smaller pages." }),
    events: new ReadBudget({ what: "events asked for", instead: "Ask for smaller pages." }),
    orderItems: new ReadBudget({
      what: "items that `lines` adds up",
      instead: "Ask for fewer orders, or page through the `items` of an order's `cancellations`.",
    }),
    totals: new ReadBudget({
      what: "cancels that `cancelledTotalAfter` adds up",
      instead: "Ask for fewer orders, or without the running totals.",
    }),
  };
  readonly #totals = new Map<string, DataLoader<string, Decimal | null>>();
  #now: Promise<Date> | undefined;
  readonly items: DataLoader<CancellationReference, CancellationItem[]>;
  readonly events: DataLoader<CancellationReference, CancellationEvent[]>;

  constructor(private readonly history: CancellationHistory) {
    this.items = childLoader(this.#budgets.items, (...batch) => history.items(...batch));
    this.events = childLoader(this.#budgets.events, (...batch) => history.events(...batch));
  }

  /** How many rows have been read for these so far. */
  get countRead(): number {
    return Object.values(this.#budgets).reduce((sum, { countRead }) => sum + countRead, 0);
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
    const loader = new DataLoader<string, Decimal | null>(
      async (ids) =>
        (
          await this.#budgets.totals.spend(
            (atMost) => this.history.runningTotals(storeId, orderNo, ids, atMost),
            ({ cancelCount }) => cancelCount,
          )
        ).totals,
      UNCACHED,
    );
    this.#totals.set(key, loader);
    return loader;
  }
}
