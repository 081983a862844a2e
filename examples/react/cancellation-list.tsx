import { useQuery } from "@apollo/client/react";
import type { ReactNode } from "react";
import { CancellationListDocument, type CancellationLineFragment } from "../generated/operations.js";

const PAGE_SIZE = 20;

/** The newest cancellations. `relayStylePagination` in the cache joins the pages. */
export function CancellationList(): ReactNode {
  const { data, error, loading, fetchMore } = useQuery(CancellationListDocument, {
    variables: { first: PAGE_SIZE },
    notifyOnNetworkStatusChange: true,
  });
  if (error !== undefined) return <p role="alert">{error.message}</p>;
  if (data === undefined) return <p>Loading…</p>;
  const { edges, pageInfo } = data.cancellations;
  return (
    <section aria-label="All cancellations">
      <ul>
        {edges.map(({ node }) => (
          <CancellationLine key={node.id} cancellation={node} />
        ))}
      </ul>
      {pageInfo.hasNextPage && (
        <button
          type="button"
          disabled={loading}
          onClick={() => void fetchMore({ variables: { after: pageInfo.endCursor } })}
        >
          More
        </button>
      )}
    </section>
  );
}

/** An amount is a text: it is shown as it came, and never computed with as a JavaScript number. */
export function CancellationLine({
  cancellation: { orderNo, status, totalCancelAmount, currencyCode },
}: {
  readonly cancellation: CancellationLineFragment;
}): ReactNode {
  return (
    <li>
      {orderNo}: {totalCancelAmount} {currencyCode} {status}
    </li>
  );
}
