import type { ExportRecord } from "../../cancellation/history/export-record.js";

/** A way to write cancellations into a file. */
export interface ExportFormat {
  readonly extension: string;
  readonly contentType: string;
  readonly withItems: boolean;
  readonly hasBom: boolean;
  /** What a file begins with. */
  head(options: { readonly bom: boolean }): string;
  write(record: ExportRecord): string;
}
