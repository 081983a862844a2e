// What is measured, as a contender: the requests that its callers send. The processes that send them load nothing else of the service.

/** The README's first example, with a delivery fee, a note, and what a list shows of a cancel that succeeded. */
const CANCEL = `mutation Cancel($input: CancelPaymentInput!) {
  cancelPayment(input: $input) {
    replayed
    cancellation { id status returnRequestId totalCancelAmount currencyCode }
    userErrors { __typename code message field }
  }
}`;

const HISTORY = `query History($storeId: String!, $first: Int!, $after: String) {
  cancellations(filter: { storeId: [$storeId] }, first: $first, after: $after) {
    edges { node { id orderNo status totalCancelAmount currencyCode reason createdAt items { seq itemType itemId quantity amount taxAmount } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const INPUT = {
  totalCancelAmount: "103000",
  items: [
    { seq: 1, itemType: "PHYSICAL", itemId: "P001", quantity: 2, amount: "50000", taxAmount: "5000" },
    { seq: 2, itemType: "DELIVERY", itemId: "D001", quantity: 1, amount: "3000", taxAmount: "300" },
  ],
  refundAccount: { accountNumber: "1234567890", bankCode: "001", accountHolderName: "John Doe" },
  reason: "Customer changed their mind",
  note: "Asked for by telephone",
};

export const PAGE_SIZE = 20;

export function cancelling({ token }) {
  const headers = headersWith(token);
  // What stays the same is written once: the caller shares the machine with the service.
  const fixed = JSON.stringify(INPUT).slice(1);
  const before = `{"query":${JSON.stringify(CANCEL)},"operationName":"Cancel","variables":{"input":{`;
  return [
    {
      name: "ours",
      request: ({ storeId, orderNo, idempotencyKey }) => ({
        method: "POST",
        path: "/graphql",
        headers,
        body: `${before}"storeId":"${storeId}","orderNo":"${orderNo}","idempotencyKey":"${idempotencyKey}",${fixed}}}`,
      }),
      succeeded: (status, text) =>
        status === 200 &&
        text.includes('"replayed":false') &&
        text.includes('"status":"SUCCEEDED"') &&
        text.includes('"userErrors":[]'),
    },
  ];
}

export function reading({ token }) {
  const headers = headersWith(token);
  return [
    {
      name: "ours",
      request: ({ storeId, after }) => ({
        method: "POST",
        path: "/graphql",
        headers,
        body: JSON.stringify({
          query: HISTORY,
          operationName: "History",
          variables: { storeId, first: PAGE_SIZE, after },
        }),
      }),
      read(text) {
        const { edges, pageInfo } = JSON.parse(text).data.cancellations;
        return { count: edges.length, endCursor: pageInfo.hasNextPage ? pageInfo.endCursor : null };
      },
    },
  ];
}

function headersWith(token) {
  return { "content-type": "application/json", authorization: `Bearer ${token}` };
}
