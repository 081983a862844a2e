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
  erasedAt: ({ erasedAt }) => erasedAt,
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
  return stringify([[...cells]], { record_delimiter: "\r\n", quoted_match: LINE_BREAK });
}

/** Beside CR LF the library leaves line breaks without quotes, and readers end the row there: what follows would be a cell. */
const LINE_BREAK = /[\n\r\v\f\u0085\u2028\u2029]/u;

/**
 * A text that one spreadsheet or another runs as a formula: blanks and characters that nobody sees are skipped, and the forms that
 * Unicode has of a sign are read as the sign. The library knows only some of the forms, and nothing that is skipped.
 */
const FORMULA =
  /^[\s\p{Z}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*[\t\r\n=＝﹦⁼₌⩵⩶+＋﹢⁺₊﬩\-－﹣⁻₋−@＠﹫]/u;

/** The apostrophe shows a spreadsheet that it is a text. */
function toCell(value: Cell): string {
  const text = String(value ?? "");
  return FORMULA.test(text) ? `'${text}` : text;
}
