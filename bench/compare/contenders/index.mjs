// Everybody in the comparison: how each is started and asked, and how its answers are read.
import { fileURLToPath } from "node:url";
import { cancelInput, cancelOperation, historyOperation, PAGE_SIZE } from "./example-cancel.mjs";

const JSON_BODY = { "content-type": "application/json" };

const FACADE_MUTATION = `mutation ($input: CancelRequest_Input!) {
  cancelPayment(input: $input) {
    resultCode
    message
    requestId
    data { orderNo returnRequestId processedCount }
  }
}`;

const POSTGRAPHILE_QUERY = `query ($storeId: String!, $first: Int!, $after: Cursor) {
  allCancellations(condition: { storeId: $storeId }, first: $first, after: $after, orderBy: [CREATED_AT_DESC, ID_DESC]) {
    edges {
      cursor
      node {
        id orderNo status totalCancelAmount reason createdAt resolvedAt
        cancellationItemsByStoreIdAndCancellationId { nodes { itemType itemId quantity amount } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The service itself, asked for the same. */
export const SERVICE = {
  request: (order) => graphql(cancelOperation(order)),
  succeeded: hasSucceeded,
  readRequest: (page) => graphql(historyOperation(page)),
  read: (bodyText) => pageOf(JSON.parse(bodyText).data.cancellations),
};

export const CANCELLING = [
  { name: "floor", program: path("floor.mjs"), needsDatabase: true, request: plain, succeeded: hasSucceeded },
  { name: "bare", program: path("bare.mjs"), needsDatabase: true, request: plain, succeeded: hasSucceeded },
  {
    name: "mercurius",
    program: path("mercurius.mjs"),
    needsDatabase: true,
    request: (order) => graphql(cancelOperation(order)),
    succeeded: hasSucceeded,
  },
  {
    name: "openapi-facade",
    program: path("openapi-facade.mjs"),
    needsDatabase: false,
    request: (order) => graphql({ query: FACADE_MUTATION, variables: { input: ebpRequest(order) } }),
    succeeded: (status, bodyText) => status === 200 && bodyText.includes('"resultCode":"0"'),
  },
];

export const READING = [
  {
    name: "reads",
    program: path("reads.mjs"),
    request: ({ storeId, after }) => ({
      method: "GET",
      path: `/history?${new URLSearchParams({ storeId, ...(after && { after }) })}`,
      headers: {},
      body: null,
    }),
    read: (bodyText) => pageOf(JSON.parse(bodyText)),
  },
  {
    name: "postgraphile",
    program: path("postgraphile/serve.mjs"),
    request: ({ storeId, after }) =>
      graphql({ query: POSTGRAPHILE_QUERY, variables: { storeId, first: PAGE_SIZE, after } }),
    read: (bodyText) => pageOf(JSON.parse(bodyText).data.allCancellations),
  },
];

function path(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

function plain(order) {
  return { method: "POST", path: "/cancel", headers: JSON_BODY, body: JSON.stringify(cancelInput(order)) };
}

function graphql(operation) {
  return { method: "POST", path: "/graphql", headers: JSON_BODY, body: JSON.stringify(operation) };
}

/** What EBP itself takes, which knows no keys. */
function ebpRequest(order) {
  const { orderNo, totalCancelAmount, refundAccount, items } = cancelInput(order);
  return {
    orderNo,
    totalCancelAmount: Number(totalCancelAmount),
    refundAccount,
    items: items.map((item) => ({
      ...item,
      amount: Number(item.amount),
      taxAmount: Number(item.taxAmount),
    })),
  };
}

function hasSucceeded(status, bodyText) {
  return status === 200 && bodyText.includes('"status":"SUCCEEDED"');
}

function pageOf({ edges, pageInfo }) {
  return { count: edges.length, endCursor: pageInfo.endCursor };
}
