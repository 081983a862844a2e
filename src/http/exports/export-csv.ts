import { stringify } from "csv-stringify/sync";
import type { ExportRecord } from "../../cancellation/history/export-record.js";
import type { ExportFormat } from "./export-format.js";

type Cell = string | number | boolean | null | undefined;

/** In this order. What is in another object stands by its path, as in the API. */
const COLUMNS: Readonly<Record<string, (record: ExportRecord) => Cell>> = {
  cursor: ({ cursor }) => cursor,
  id: ({ id }) => id,
  storeId: ({ storeId }) => storeId,
  orderNo: ({ orderNo }) => orderNo,
  idempotencyKey: ({ idempotencyKey }) => idempotencyKey,
  status: ({ status }) => status,
  settlement: ({ settlement }) => settlement,
  resolvedBy: ({ resolvedBy }) => resolvedBy,
  safeToRetry: ({ safeToRetry }) => safeToRetry,
  totalCancelAmount: ({ totalCancelAmount }) => totalCancelAmount,
  totalTaxAmount: ({ totalTaxAmount }) => totalTaxAmount,
  currencyCode: ({ currencyCode }) => currencyCode,
  amountBasis: ({ amountBasis }) => amountBasis,
  returnRequestId: ({ returnRequestId }) => returnRequestId,
  requestId: ({ requestId }) => requestId,
  processedCount: ({ processedCount }) => processedCount,
  totalProductAmount: ({ totalProductAmount }) => totalProductAmount,
  totalProductTaxAmount: ({ totalProductTaxAmount }) => totalProductTaxAmount,
  totalDeliveryAmount: ({ totalDeliveryAmount }) => totalDeliveryAmount,
  totalDeliveryTaxAmount: ({ totalDeliveryTaxAmount }) => totalDeliveryTaxAmount,
  "failure.resultCode": ({ failure }) => failure?.resultCode,
  "failure.message": ({ failure }) => failure?.message,
  discrepancyCount: ({ discrepancies }) => discrepancies.length,
  reason: ({ reason }) => reason,
  note: ({ note }) => note,
  requestedBy: ({ requestedBy }) => requestedBy,
  "refundAccount.bankCode": ({ refundAccount }) => refundAccount?.bankCode,
  "refundAccount.accountNumberLast4": ({ refundAccount }) => refundAccount?.accountNumberLast4,
  "refundAccount.accountHolderName": ({ refundAccount }) => refundAccount?.accountHolderName,
  createdAt: ({ createdAt }) => createdAt,
  sentAt: ({ sentAt }) => sentAt,
  resolvedAt: ({ resolvedAt }) => resolvedAt,
  inDoubtSince: ({ inDoubtSince }) => inDoubtSince,
  archivedAt: ({ archivedAt }) => archivedAt,
};

export const CSV_COLUMNS: readonly string[] = Object.keys(COLUMNS);

/** Without it some spreadsheets take UTF-8 for what their country used before. */
const BYTE_ORDER_MARK = "\uFEFF";

/** RFC 4180. */
export const CSV: ExportFormat = {
  extension: "csv",
  contentType: "text/csv; charset=utf-8; header=present",
  withItems: false,
  hasBom: true,
  head: ({ bom }) => `${bom ? BYTE_ORDER_MARK : ""}${written(CSV_COLUMNS)}`,
  write: (record) => written(Object.values(COLUMNS).map((cellOf) => toCell(cellOf(record)))),
};

function written(cells: readonly string[]): string {
  // A text that a spreadsheet would run as a formula gets an apostrophe before it, which shows that it is a text.
  return stringify([[...cells]], { record_delimiter: "\r\n", escape_formulas: true });
}

function toCell(value: Cell): string {
  const text = String(value ?? "");
  // The one beginning that the library leaves: some spreadsheets skip line breaks, and then find a formula.
  return text.startsWith("\n") ? `'${text}` : text;
}
