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

export const HISTORY_QUERY = `query ($storeIds: [ID!], $first: Int, $after: String) {
  cancellations(filter: { storeIds: $storeIds }, first: $first, after: $after) {
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
    refundAccount: { accountNumber: accountNumber(n), bankCode: "001", accountHolderName: holder(n) },
    reason: "Customer changed their mind",
    note: "Asked for by telephone; the parcel has not left yet.",
  };
}

/** Another account each time, as customers have: what is made for one would otherwise be there for all. */
function accountNumber(n) {
  return String(1_000_000_000 + ((n * 7_919) % 9_000_000_000));
}

function holder(n) {
  const letter = (at) => String.fromCharCode(97 + (Math.floor(n / 26 ** at) % 26));
  return `John D${letter(0)}${letter(1)}${letter(2)}e`;
}

export function cancelOperation(order) {
  return { query: CANCEL_MUTATION, variables: { input: cancelInput(order) } };
}

export function historyOperation({ storeId, after }) {
  return { query: HISTORY_QUERY, variables: { storeIds: [storeId], first: PAGE_SIZE, after } };
}
