import { Decimal } from "../../src/cancellation/model/decimal.js";
import type { ExportedCancellation } from "../../src/cancellation/history/export.js";

/** A cancellation as an export reads it. */
export const exported: ExportedCancellation = {
  cancellation: {
    id: "01a20241-82ea-7279-8944-e96e9036c6e3",
    storeId: "SIM-KR",
    idempotencyKey: "key-1",
    status: "FAILED",
    safeToRetry: false,
    settlement: null,
    resolvedBy: "RESPONSE",
    currencyCode: "KRW",
    amountBasis: "unit",
    request: {
      orderNo: "ORD-1",
      totalCancelAmount: new Decimal("106000"),
      refundAccount: null,
      reason: "Customer changed their mind",
      note: null,
    },
    requestedBy: "front-end",
    confirmation: null,
    ebpRequestId: "REQ-1",
    failureKind: "REJECTED",
    failure: { resultCode: "EBP-C-0010", message: "The payment cannot be cancelled.", details: [] },
    discrepancies: [],
    inDoubtSince: null,
    lookups: 0,
    nextCheckAt: null,
    fencingToken: 1,
    answeredAt: null,
    createdAt: new Date(0),
    sentAt: new Date(1),
    resolvedAt: new Date(2),
    archivedAt: null,
  },
  totalTaxAmount: new Decimal(0),
  items: [],
};
