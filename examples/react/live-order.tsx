import { useQuery, useSubscription } from "@apollo/client/react";
import type { ReactNode } from "react";
import { LiveOrderDocument, OrderChangedDocument } from "../generated/operations.js";
import { CancellationLine } from "./cancellation-list.js";

/**
 * An order that shows each change at once. An event says only that something has changed, and the order is read again. If events brought
 * the order itself, an older answer that arrives after an event would take its place, and stay.
 */
export function LiveOrder({ orderNo }: { readonly orderNo: string }): ReactNode {
  const { data, error, refetch } = useQuery(LiveOrderDocument, {
    variables: { orderNo },
    // The answer to an earlier request must not serve for one that an event causes.
    context: { queryDeduplication: false },
  });
  const live = useSubscription(OrderChangedDocument, {
    variables: { orderNo },
    onData: () => void refetch(),
  });
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
