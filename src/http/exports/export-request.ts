import type { Caller } from "../../cancellation/model/caller.js";
import type { Cursors, HistoryOrder } from "../../cancellation/history/cursors.js";
import { checkFilter } from "../../cancellation/history/filter.js";
import type { ExportRequest } from "../../cancellation/history/history.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { ExportFormat } from "./export-format.js";
import { readParameters, type Query } from "./export-parameters.js";

export interface AskedExport {
  readonly request: ExportRequest;
  readonly order: HistoryOrder;
  /** The only store that is named; null when that is none, or several. */
  readonly onlyStoreId: string | null;
  readonly bom: boolean;
}

/** @throws InvalidArgumentError */
export function readExportRequest(
  query: Query,
  { withItems, hasBom }: Pick<ExportFormat, "withItems" | "hasBom">,
  caller: Caller,
  { stores, cursors }: { readonly stores: Stores; readonly cursors: Cursors },
): AskedExport {
  const { filter: requested, direction, after, limit, bom } = readParameters(query, { hasBom });
  const order: HistoryOrder = { field: "CREATED_AT", direction };
  const [onlyStoreId = null, ...others] = requested.storeId ?? [];
  return {
    request: {
      // In an address the conditions stand by themselves, and not in a `filter`.
      filter: checkFilter(requested, caller, stores, order, ""),
      direction,
      after: after === null ? null : cursors.decode(withoutApostrophe(after), order, "after"),
      limit,
      withItems,
    },
    order,
    onlyStoreId: others.length === 0 ? onlyStoreId : null,
    bom,
  };
}

/** As it stands in a CSV, where one that begins with a minus has an apostrophe before it. */
function withoutApostrophe(cursor: string): string {
  return cursor.startsWith("'") ? cursor.slice(1) : cursor;
}
