import type { Client, CombinedError } from "@urql/core";
import {
  CancellationListDocument,
  CancelPaymentDocument,
  type CancellationLineFragment,
  type CancelPaymentInput,
  type CancelPaymentMutation,
} from "../generated/operations.js";

const PAGE_SIZE = 20;

export interface ShownList {
  readonly lines: readonly CancellationLineFragment[];
  /** Loads the next page. Null when there is none. */
  readonly more: (() => void) | null;
  /** Null unless the newest read failed. */
  readonly error: CombinedError | null;
}

/**
 * Shows the newest cancellations with a reason, and again each time the cache has another answer: a next page, or what a mutation has
 * changed. In React, `useQuery` with the same document does this.
 * @returns what ends it.
 */
export function showCancellations(
  client: Client,
  reason: string,
  show: (list: ShownList) => void,
): () => void {
  const read = (after: string | null) =>
    client.query(CancellationListDocument, { filter: { reason }, first: PAGE_SIZE, after });
  const first = read(null).subscribe(({ data, error = null }) => {
    const { edges = [], pageInfo } = data?.cancellations ?? {};
    const more = (): void => void read(pageInfo?.endCursor ?? null).toPromise();
    show({ lines: edges.map(({ node }) => node), more: pageInfo?.hasNextPage ? more : null, error });
  });
  return () => first.unsubscribe();
}

/** @throws CombinedError when there was no answer, or one with top-level errors. Call it again with the same input. */
export async function cancelPayment(
  client: Client,
  input: CancelPaymentInput,
): Promise<CancelPaymentMutation["cancelPayment"]> {
  const { data, error } = await client.mutation(CancelPaymentDocument, { input }).toPromise();
  if (data === undefined) throw error ?? new Error("cancelling a payment: the answer has no data");
  return data.cancelPayment;
}
