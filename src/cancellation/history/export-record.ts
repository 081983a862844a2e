import {
  CANCELLATION_FIELDS,
  type Cancellation,
  type CancellationItem,
  type ExportField,
} from "../model/cancellation.js";
import type { AmountBasis } from "../model/store.js";
import type { ExportedCancellation } from "./history.js";

/** A cancellation as a file shows it, by the names of the API. */
export type ExportRecord = Omit<Pick<Cancellation, ExportField>, "amountBasis"> & {
  /** Its position; `after` it, another export continues. */
  readonly cursor: string;
  readonly amountBasis: Uppercase<AmountBasis>;
  /** Left out of formats without items. */
  readonly items?: readonly CancellationItem[];
};

/** In the order of the columns. */
export const EXPORT_FIELDS = Object.entries(CANCELLATION_FIELDS)
  .filter(([, shown]) => shown === "everywhere" || shown === "export")
  .map(([field]) => field as ExportField);

export function toExportRecord({ cancellation, items }: ExportedCancellation, cursor: string): ExportRecord {
  const fields = Object.fromEntries(EXPORT_FIELDS.map((field) => [field, cancellation[field]]));
  return {
    cursor,
    ...(fields as Pick<Cancellation, ExportField>),
    amountBasis: cancellation.amountBasis === "unit" ? "UNIT" : "LINE",
    ...(items !== null && { items }),
  };
}
