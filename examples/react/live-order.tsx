import { useQuery, useSubscription } from "@apollo/client/react";
import type { ReactNode } from "react";
import { LiveOrderDocument, OrderChangedDocument } from "../generated/operations.js";
import { CancellationLine } from "./cancellation-list.js";

/**
 * An order that shows each change at once. Nothing is done with the events here: each brings the whole order with its id, and Apollo's
 * cache puts it in the place of the one that the query has read.
 */
export function LiveOrder({ orderNo }: { readonly orderNo: string }): ReactNode {
  const { data, error } = useQuery(LiveOrderDocument, {
    variables: { orderNo },
    // It is read again when the stream has begun, and the answer to an earlier request must not serve for that.
    context: { queryDeduplication: false },
  });
  const live = useSubscription(OrderChangedDocument, { variables: { orderNo } });
  const problem = error ?? live.error;
  if (problem !== undefined) return <p role="alert">{problem.message}</p>;
  if (data === undefined) return <p>Loading…</p>;
  if (data.order === null) return <p>There is no such order for you.</p>;
  const { cancelledTotal, currencyCode, cancellations } = data.order;
  return (
    <section aria-label={`Order ${orderNo}`}>
      <p>
        Cancelled: {cancelledTotal} {currencyCode}
      </p>
      <ul>
        {cancellations?.edges.map(({ node }) => (
          <CancellationLine key={node.id} cancellation={node} />
        ))}
      </ul>
    </section>
  );
}
