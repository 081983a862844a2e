import { randomUUID } from "node:crypto";
import type { GraphQLAnswer, TestReplica } from "./service.js";

const ERROR_FIELDS = `
  __typename code message field nextAction
  ... on InvalidInputError { reason min max }
  ... on AmountMismatchError { statedTotal computedTotal }
  ... on IdempotencyKeyReusedError { cancellation { id } }
  ... on CancelInProgressError { cancellation { id } }
  ... on CancelledTotalChangedError { expectedTotal currentTotal }
  ... on RejectedByEbpError { resultCode ebpMessage requestId details { field message } }
  ... on OutcomeUnknownError { cancellation { id } }`;

export const CANCELLATION_FIELDS = `
  id storeId orderNo idempotencyKey status safeToRetry settlement resolvedBy totalCancelAmount currencyCode amountBasis
  refundAccount { bankCode accountNumberLast4 accountHolderName }
  returnRequestId processedCount totalProductAmount totalProductTaxAmount totalDeliveryAmount totalDeliveryTaxAmount
  requestId failure { resultCode message ebpMessage details { field message } } discrepancies { field asked confirmed }
  items { seq itemType itemId quantity amount taxAmount lineTotal confirmedQuantity confirmedAmount confirmedTaxAmount }
  events { from to source actor evidence { basis httpStatus resultCode requestId timestamp digest } at }
  reason note requestedBy createdAt sentAt resolvedAt refundedAt`;

export const CANCEL = `mutation ($input: CancelPaymentInput!) {
  cancelPayment(input: $input) { replayed cancellation { ${CANCELLATION_FIELDS} } userErrors { ${ERROR_FIELDS} } }
}`;

export const PREVIEW = `query ($input: CancelPaymentInput!) {
  cancelPaymentPreview(input: $input) {
    wouldSend storeId currencyCode amountBasis computedTotal
    computedProductAmount computedProductTaxAmount computedDeliveryAmount computedDeliveryTaxAmount
    requestBody userErrors { ${ERROR_FIELDS} }
  }
}`;

/** A valid request for one line of 1000, under a key and an order number of its own. */
export function cancelInput(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    idempotencyKey: randomUUID(),
    orderNo: `ORD-${randomUUID()}`,
    totalCancelAmount: "1000",
    items: [item()],
    ...changes,
  };
}

export function item(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    seq: 1,
    itemType: "PHYSICAL",
    itemId: "P001",
    quantity: 1,
    amount: "1000",
    taxAmount: "100",
    ...changes,
  };
}

/** Calls `cancelPayment` and returns its payload; fails on a top-level error. */
export async function cancel(
  service: Pick<TestReplica, "graphql">,
  input: object,
  headers?: Record<string, string>,
): Promise<any> {
  const answer = await service.graphql(CANCEL, { input }, headers);
  if (answer.errors !== undefined) throw new Error(`unexpected errors: ${JSON.stringify(answer.errors)}`);
  return answer.data.cancelPayment;
}

/** Calls `cancelPayment` for a test of what comes back at the top level. */
export function tryCancel(service: Pick<TestReplica, "graphql">, input: object): Promise<GraphQLAnswer> {
  return service.graphql(CANCEL, { input });
}

/** As a client does in a crowd: a service that has too much to do has sent nothing, and says so. */
export async function insist(service: Pick<TestReplica, "graphql">, input: object): Promise<any> {
  for (;;) {
    const { data, errors } = await tryCancel(service, input);
    if (errors?.[0].extensions.code !== "SERVICE_UNAVAILABLE") return data.cancelPayment;
  }
}

/** A page of the history, with all that says where it stands. */
export const HISTORY_PAGE = `query ($filter: CancellationFilter, $orderBy: CancellationOrder, $first: Int, $after: String, $last: Int, $before: String) {
  cancellations(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    edges { cursor node { id orderNo } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
