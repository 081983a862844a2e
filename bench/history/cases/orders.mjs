import { nth } from "./query.mjs";

const ORDER = `query ($storeId: String, $orderNo: String!) {
  order(storeId: $storeId, orderNo: $orderNo) {
    cancelledTotal inDoubtTotal currencyCode
    lines { seq itemType itemId cancelledQuantity cancelledAmount inDoubtQuantity inDoubtAmount }
    cancellations { edges { node { id status totalCancelAmount createdAt items { seq itemId quantity lineTotal } } } }
  }
}`;

/** An order, with all that there is about it. */
export const ORDERS = [
  {
    name: "order view, of an order with several cancels",
    kind: "page",
    query: ORDER,
    variables: ({ orders }, run) => nth(orders, run),
  },
];
