import DataLoader from "dataloader";
import type { Decimal } from "../../../cancellation/model/decimal.js";
import type { CancellationHistory } from "../../../cancellation/history/history.js";
import { createReadBudget } from "./read-budget.js";

type TotalLoader = DataLoader<string, Decimal | null>;

export interface RunningTotalLoaders {
  /** By the id of a cancel of this order. */
  readonly of: (storeId: string, orderNo: string) => TotalLoader;
  /** How many cancels have been added up so far. */
  readonly countRead: () => number;
}

/** Reads the running totals of a page of an order's cancels at once; those of several orders one order after the other. */
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
