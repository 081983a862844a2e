import { toNdjsonLine } from "../../cancellation/history/export-record.js";
import type { ExportFormat } from "./export-format.js";

/** Every line is a cancellation, the last as well: whatever reads such files takes them so. */
export const NDJSON: ExportFormat = {
  extension: "ndjson",
  contentType: "application/x-ndjson",
  withItems: true,
  // JSON has none.
  hasBom: false,
  head: () => "",
  write: toNdjsonLine,
};
