// The cancel that everybody is asked for, and the page of the history that everybody is asked for.

/** How many cancellations a page has. */
export const PAGE_SIZE = 20;
const ITEM_IDS = 500;

export const CANCEL_MUTATION = `mutation ($input: CancelPaymentInput!) {
  cancelPayment(input: $input) {
    replayed
    cancellation { id status returnRequestId totalCancelAmount currencyCode }
    userErrors { __typename code message field }
  }
}`;

export const HISTORY_QUERY = `query ($storeId: [String!], $first: Int, $after: String) {
  cancellations(filter: { storeId: $storeId }, first: $first, after: $after) {
    edges {
      cursor
      node {
        id orderNo status totalCancelAmount reason createdAt resolvedAt
        items { itemType itemId quantity amount }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** What is cancelled of an order, as `CancelPaymentInput` has it. */
export function cancelInput({ storeId, orderNo, idempotencyKey, n }) {
  return {
    storeId,
    idempotencyKey,
    orderNo,
    totalCancelAmount: "18000",
    items: [
      {
        seq: 1,
        itemType: "PHYSICAL",
        itemId: `P${1_000 + (n % ITEM_IDS)}`,
        quantity: 1,
        amount: "15000",
        taxAmount: "1363",
      },
      { seq: 2, itemType: "DELIVERY", itemId: "DELIVERY-1", quantity: 1, amount: "3000", taxAmount: "272" },
    ],
    refundAccount: { accountNumber: "1234567890", bankCode: "001", accountHolderName: "John Doe" },
    reason: "Customer changed their mind",
    note: "Asked for by telephone; the parcel has not left yet.",
  };
}

export function cancelOperation(order) {
  return { query: CANCEL_MUTATION, variables: { input: cancelInput(order) } };
}

export function historyOperation({ storeId, after }) {
  return { query: HISTORY_QUERY, variables: { storeId: [storeId], first: PAGE_SIZE, after } };
}
