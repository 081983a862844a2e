import type { ReactNode } from "react";
import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";
import type { OrderCancellations_order$key } from "./__generated__/OrderCancellations_order.graphql.js";
import type { OrderCancellationsPageQuery } from "./__generated__/OrderCancellationsPageQuery.graphql.js";
import type { OrderCancellationsQuery } from "./__generated__/OrderCancellationsQuery.graphql.js";

/** An order with its cancellations. Put it into a `Suspense` and an error boundary. */
export function OrderPage({ orderNo }: { readonly orderNo: string }): ReactNode {
  const { order } = useLazyLoadQuery<OrderCancellationsQuery>(
    graphql`
      query OrderCancellationsQuery($orderNo: String!) {
        order(orderNo: $orderNo) {
          orderNo
          cancelledTotal
          currencyCode
          ...OrderCancellations_order
        }
      }
    `,
    { orderNo },
  );
  if (!order) return <p>There is no such order for you.</p>;
  return (
    <section>
      <h2>{order.orderNo}</h2>
      <p>
        Cancelled: {order.cancelledTotal} {order.currencyCode}
      </p>
      <OrderCancellations order={order} />
    </section>
  );
}

/** Grows page by page: `Order` is a Node, so Relay can ask for the next page of any order by its id. */
function OrderCancellations({ order }: { readonly order: OrderCancellations_order$key }): ReactNode {
  const { data, hasNext, isLoadingNext, loadNext } = usePaginationFragment<
    OrderCancellationsPageQuery,
    OrderCancellations_order$key
  >(
    graphql`
      fragment OrderCancellations_order on Order
      @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
      @refetchable(queryName: "OrderCancellationsPageQuery") {
        cancellations(first: $first, after: $after) @connection(key: "OrderCancellations_cancellations") {
          edges {
            cancelledTotalAfter
            node {
              id
              status
              totalCancelAmount
            }
          }
        }
      }
    `,
    order,
  );
  return (
    <>
      <ul aria-label="Cancellations of this order">
        {data.cancellations?.edges.map(({ node, cancelledTotalAfter }) => (
          <li key={node.id}>
            {node.totalCancelAmount} {node.status}, {cancelledTotalAfter} in all
          </li>
        ))}
      </ul>
      {hasNext && (
        <button type="button" disabled={isLoadingNext} onClick={() => loadNext(10)}>
          More
        </button>
      )}
    </>
  );
}
