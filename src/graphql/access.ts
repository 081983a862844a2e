import type { Scope } from "../cancellation/model/caller.js";

/** Seen by whoever was let in to what it belongs to; asks for nothing more. */
export const WITH_PARENT = "with its parent";

/** The scopes that a caller needs, all of them; or none but those of what the field belongs to. */
export type AccessRule = readonly Scope[] | typeof WITH_PARENT;

/** By type, by field. */
export type AccessRules = Readonly<Record<string, Readonly<Record<string, AccessRule>>>>;

const READ: AccessRule = ["cancellations:read"];
const WRITE: AccessRule = ["cancellations:write"];
/** An operator asks EBP about a cancellation or decides it, and the answer shows the whole record: that takes reading too. */
const OPERATE: AccessRule = ["cancellations:resolve", "cancellations:read"];

/**
 * Who may ask for what: the one place. A field that is not in here can be asked for by nobody: the schema is refused at start.
 * The exports are the exception, as they are not of the schema: theirs is EXPORT_SCOPE, asked for in http/exports.
 * For which stores is not decided here but in each query to the database, by the caller's stores.
 */
export const ACCESS: AccessRules = {
  Query: {
    node: READ,
    cancellation: READ,
    cancellationByKey: READ,
    cancellations: READ,
    cancellationStats: READ,
    order: READ,
    // It tells what a cancel would meet, so it is for whoever may cancel.
    cancelPaymentPreview: WRITE,
  },
  Mutation: {
    cancelPayment: WRITE,
    refreshCancellation: OPERATE,
    resolveCancellation: OPERATE,
  },
  Subscription: {
    cancellationChanged: READ,
  },
  ...withParent({
    Cancellation:
      "id storeId orderNo idempotencyKey status safeToRetry settlement resolvedBy currencyCode amountBasis totalCancelAmount " +
      "items refundAccount reason note requestedBy createdAt sentAt resolvedAt events discrepancies failure " +
      "returnRequestId requestId processedCount totalProductAmount totalProductTaxAmount totalDeliveryAmount " +
      "totalDeliveryTaxAmount inDoubtSince inDoubtSeconds lookups nextCheckAt nextStep archivedAt",
    CancellationItem:
      "seq itemType itemId quantity amount taxAmount lineTotal confirmedQuantity confirmedAmount confirmedTaxAmount",
    // What may be shown of it, and no more: the account itself is in no type.
    MaskedRefundAccount: "bankCode accountNumberLast4 accountHolderName",
    CancellationEvent: "at from to source actor evidence",
    EventEvidence: "basis digest httpStatus requestId resultCode timestamp",
    CancellationFailure: "resultCode message details",
    FailureDetail: "field message",
    Discrepancy: "field asked confirmed",
    CancellationConnection: "edges pageInfo totalCount",
    CancellationEdge: "cursor node",
    CancellationStat:
      "status settlement periodStart periodFrom periodBefore storeId itemType reason failureCode currencyCode count amount taxAmount",
    PageInfo: "startCursor endCursor hasNextPage hasPreviousPage",
    OrderCancellations:
      "storeId orderNo currencyCode cancelledTotal inDoubtTotal openCancellation lines cancellations liveStatus",
    OrderCancellationConnection: "edges pageInfo totalCount",
    OrderCancellationEdge: "cursor node cancelledTotalAfter",
    // What may be shown of EBP's answer, and no more.
    LivePaymentStatus: "paymentStatus cancels checkedAt requestId unavailable",
    LiveStatusUnavailable: "reason message resultCode",
    OrderLine: "seq itemType itemId cancelledQuantity cancelledAmount inDoubtQuantity inDoubtAmount",
    CancelPaymentPreview:
      "storeId currencyCode amountBasis computedTotal computedProductAmount computedProductTaxAmount " +
      "computedDeliveryAmount computedDeliveryTaxAmount wouldSend request userErrors",
    PreviewedRequest: "method url body",
    CancelPaymentPayload: "cancellation replayed userErrors",
    RefreshCancellationPayload: "cancellation userErrors",
    ResolveCancellationPayload: "cancellation userErrors",
    InvalidInputError: "code message field",
    AmountMismatchError: "code message field expected actual",
    IdempotencyKeyReusedError: "code message field cancellationId",
    CancelInProgressError: "code message field cancellationId",
    CancelledTotalChangedError: "code message field expected actual",
    RejectedByEbpError: "code message field resultCode ebpMessage requestId details",
    NotSentError: "code message field",
    OutcomeUnknownError: "code message field cancellationId",
    NotCancelledError: "code message field",
    NotYetFailedError: "code message field obstacles settledAt",
    NotInDoubtError: "code message field status",
  }),
};

function withParent(fieldsByType: Readonly<Record<string, string>>): AccessRules {
  return Object.fromEntries(
    Object.entries(fieldsByType).map(([type, fields]) => [
      type,
      Object.fromEntries(fields.split(" ").map((field): [string, AccessRule] => [field, WITH_PARENT])),
    ]),
  );
}
