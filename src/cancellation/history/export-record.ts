import type { MaskedRefundAccount } from "../model/cancel-request.js";
import type { Cancellation, CancellationItem, Discrepancy } from "../model/cancellation.js";
import type { AmountBasis } from "../model/store.js";
import type { ExportedCancellation } from "./history.js";
import type { Decimal } from "../model/decimal.js";
import type { Failure } from "../model/outcome.js";

type Kept =
  | "id"
  | "storeId"
  | "idempotencyKey"
  | "status"
  | "settlement"
  | "resolvedBy"
  | "safeToRetry"
  | "currencyCode"
  | "requestedBy";

/** A cancellation as it stands in a file: by the names of the API, amounts and moments as the API writes them. */
export interface ExportRecord extends Pick<Cancellation, Kept> {
  /** Its place, behind which another export goes on. */
  readonly cursor: string;
  readonly orderNo: string;
  readonly totalCancelAmount: string;
  readonly totalTaxAmount: string;
  readonly amountBasis: Uppercase<AmountBasis>;
  readonly returnRequestId: string | null;
  readonly requestId: string | null;
  readonly processedCount: number | null;
  readonly totalProductAmount: string | null;
  readonly totalProductTaxAmount: string | null;
  readonly totalDeliveryAmount: string | null;
  readonly totalDeliveryTaxAmount: string | null;
  readonly failure: Failure | null;
  readonly discrepancies: readonly Discrepancy[];
  readonly reason: string | null;
  readonly note: string | null;
  readonly refundAccount: MaskedRefundAccount | null;
  readonly createdAt: string;
  readonly sentAt: string | null;
  readonly resolvedAt: string | null;
  readonly inDoubtSince: string | null;
  readonly erasedAt: string | null;
  readonly items?: readonly ExportRecordItem[];
}

interface ExportRecordItem extends Pick<
  CancellationItem,
  "seq" | "itemType" | "itemId" | "quantity" | "confirmedQuantity"
> {
  readonly amount: string;
  readonly taxAmount: string | null;
  readonly lineTotal: string;
  readonly confirmedAmount: string | null;
  readonly confirmedTaxAmount: string | null;
}

/** Named one by one: what a cancellation is given beside these is in no file before somebody has thought about it. */
export function toExportRecord(
  { cancellation, totalTaxAmount, items }: ExportedCancellation,
  cursor: string,
): ExportRecord {
  return {
    cursor,
    id: cancellation.id,
    storeId: cancellation.storeId,
    orderNo: cancellation.orderNo,
    idempotencyKey: cancellation.idempotencyKey,
    status: cancellation.status,
    settlement: cancellation.settlement,
    resolvedBy: cancellation.resolvedBy,
    safeToRetry: cancellation.safeToRetry,
    totalCancelAmount: cancellation.totalCancelAmount.toFixed(),
    totalTaxAmount: totalTaxAmount.toFixed(),
    currencyCode: cancellation.currencyCode,
    amountBasis: cancellation.amountBasis === "unit" ? "UNIT" : "LINE",
    returnRequestId: cancellation.returnRequestId,
    requestId: cancellation.requestId,
    processedCount: cancellation.processedCount,
    totalProductAmount: text(cancellation.totalProductAmount),
    totalProductTaxAmount: text(cancellation.totalProductTaxAmount),
    totalDeliveryAmount: text(cancellation.totalDeliveryAmount),
    totalDeliveryTaxAmount: text(cancellation.totalDeliveryTaxAmount),
    failure: cancellation.failure && toFailure(cancellation.failure),
    discrepancies: cancellation.discrepancies.map(({ field, asked, confirmed }) => ({
      field,
      asked,
      confirmed,
    })),
    reason: cancellation.reason,
    note: cancellation.note,
    requestedBy: cancellation.requestedBy,
    refundAccount: cancellation.refundAccount && toAccount(cancellation.refundAccount),
    createdAt: cancellation.createdAt.toISOString(),
    sentAt: cancellation.sentAt?.toISOString() ?? null,
    resolvedAt: cancellation.resolvedAt?.toISOString() ?? null,
    inDoubtSince: cancellation.inDoubtSince?.toISOString() ?? null,
    erasedAt: cancellation.erasedAt?.toISOString() ?? null,
    ...(items !== null && { items: items.map(toItem) }),
  };
}

/** One line of NDJSON: JSON that is written without blanks has no line breaks, and escapes those of texts. */
export function toNdjsonLine(record: ExportRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function toFailure({ resultCode, message, details }: Failure): Failure {
  return {
    resultCode,
    message,
    details: details.map((detail) => ({ field: detail.field, message: detail.message })),
  };
}

function toAccount({
  bankCode,
  accountNumberLast4,
  accountHolderName,
}: MaskedRefundAccount): MaskedRefundAccount {
  return { bankCode, accountNumberLast4, accountHolderName };
}

function toItem(item: CancellationItem): ExportRecordItem {
  return {
    seq: item.seq,
    itemType: item.itemType,
    itemId: item.itemId,
    quantity: item.quantity,
    amount: item.amount.toFixed(),
    taxAmount: text(item.taxAmount),
    lineTotal: item.lineTotal.toFixed(),
    confirmedQuantity: item.confirmedQuantity,
    confirmedAmount: text(item.confirmedAmount),
    confirmedTaxAmount: text(item.confirmedTaxAmount),
  };
}

function text(amount: Decimal | null | undefined): string | null {
  return amount?.toFixed() ?? null;
}
