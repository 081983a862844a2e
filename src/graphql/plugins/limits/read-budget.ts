import DataLoader from "dataloader";
import { GraphQLError } from "graphql";
import type { CancellationHistory } from "../../../cancellation/history/history.js";
import type { CancellationReference } from "../../../cancellation/model/cancellation.js";
import type { Decimal } from "../../../cancellation/model/decimal.js";
import { TooManyError } from "../../../cancellation/model/errors.js";
import { MAX_CHILDREN } from "./limits.js";

export interface ReadBudget {
  /**
   * Reads at most what is left of the budget. Reads run one after the other, so that each knows what is left.
   * @param read rejects with a TooManyError when there is more than `atMost`.
   * @param countOf counts the rows that were read.
   */
  spend<Found>(read: (atMost: number) => Promise<Found>, countOf: (found: Found) => number): Promise<Found>;
  /** How many rows have been read so far; all of the budget after a read that found too many. */
  readonly countRead: () => number;
}

/**
 * Bounds how many rows of one kind one request reads. The cost of a query cannot foresee this number.
 * @param what names the rows in the error message.
 * @param instead tells the caller what to do.
 */
export function createReadBudget(what: string, instead: string): ReadBudget {
  let left = MAX_CHILDREN;
  let reading: Promise<unknown> = Promise.resolve();

  async function readWithin<Found>(
    read: (atMost: number) => Promise<Found>,
    countOf: (found: Found) => number,
  ): Promise<Found> {
    try {
      const found = await read(left);
      left -= countOf(found);
      return found;
    } catch (error) {
      if (!(error instanceof TooManyError)) throw error;
      // The rows were read, so they are paid for. Otherwise one request could have many lists read again and again for nothing.
      left = 0;
      const message = `The ${what} are more than ${MAX_CHILDREN} together, which is the most that is read for one request. ${instead}`;
      throw new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } });
    }
  }

  return {
    spend(read, countOf) {
      const found = reading.then(() => readWithin(read, countOf));
      reading = found.catch(() => undefined);
      return found;
    },
    countRead: () => MAX_CHILDREN - left,
  };
}

export interface BoundedLoader<Child> {
  readonly loader: DataLoader<CancellationReference, Child[]>;
  readonly countRead: () => number;
}

/**
 * Loads the children of many cancellations at once, within a read budget. It caches nothing, so a field that is resolved after a
 * mutation sees what the mutation wrote.
 * @param what names the children in the error message.
 */
export function createBoundedLoader<Child>(
  what: string,
  read: (references: readonly CancellationReference[], atMost: number) => Promise<Child[][]>,
): BoundedLoader<Child> {
  const budget = createReadBudget(`${what} asked for`, "Ask for smaller pages.");
  const loader = new DataLoader<CancellationReference, Child[]>(
    (references) =>
      budget.spend(
        (atMost) => read(references, atMost),
        (lists) => lists.reduce((sum, list) => sum + list.length, 0),
      ),
    { cache: false },
  );
  return { loader, countRead: budget.countRead };
}

type TotalLoader = DataLoader<string, Decimal | null>;

export interface RunningTotalLoaders {
  /** The loader of one order; its keys are ids of the order's cancels. */
  readonly of: (storeId: string, orderNo: string) => TotalLoader;
  readonly countRead: () => number;
}

/** Loads the running totals of a page of an order's cancels at once, and those of several orders one order after the other. */
export function createRunningTotalLoaders(
  history: Pick<CancellationHistory, "runningTotals">,
): RunningTotalLoaders {
  const budget = createReadBudget(
    "cancels that `cancelledTotalAfter` adds up",
    "Ask for fewer orders, or without the running totals.",
  );
  const byOrder = new Map<string, TotalLoader>();

  function loaderOf(storeId: string, orderNo: string): TotalLoader {
    return new DataLoader(
      async (ids) => {
        const found = await budget.spend(
          (atMost) => history.runningTotals(storeId, orderNo, ids, atMost),
          ({ cancelCount }) => cancelCount,
        );
        return found.totals;
      },
      { cache: false },
    );
  }

  return {
    of(storeId, orderNo) {
      const key = JSON.stringify([storeId, orderNo]);
      const loader = byOrder.get(key) ?? loaderOf(storeId, orderNo);
      byOrder.set(key, loader);
      return loader;
    },
    countRead: budget.countRead,
  };
}
