import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import {
  CancellationListDocument,
  type CancellationFilter,
  type CancellationLineFragment,
  type CancellationOrder,
} from "./generated/operations.js";

const PAGE_SIZE = 20;

/** An Apollo Client whose cache grows a list page by page: one list for each filter and order. */
export function createApolloClient(endpoint: string, headers: Record<string, string> = {}): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri: endpoint, headers }),
    cache: new InMemoryCache({
      typePolicies: {
        Query: { fields: { cancellations: relayStylePagination(["filter", "orderBy"]) } },
      },
    }),
  });
}

export interface CancellationList {
  /** All lines loaded so far, in order; also what a mutation has changed in the cache since. */
  lines(): readonly CancellationLineFragment[];
  hasMore(): boolean;
  loadMore(): Promise<void>;
  close(): void;
}

/** What a page with a "more" button needs; in React, `useQuery` with the same document and `fetchMore` does the same. */
export async function openCancellationList(
  client: ApolloClient,
  filter: CancellationFilter = {},
  orderBy: CancellationOrder = { field: "CREATED_AT", direction: "DESC" },
): Promise<CancellationList> {
  const variables = { filter, orderBy, first: PAGE_SIZE };
  await client.query({ query: CancellationListDocument, variables });
  const watched = client.watchQuery({ query: CancellationListDocument, variables });
  // Somebody has to listen: what nobody watches is not kept up to date.
  const watching = watched.subscribe({});
  const connection = () => client.readQuery({ query: CancellationListDocument, variables })?.cancellations;
  return {
    lines: () => (connection()?.edges ?? []).map(({ node }) => node),
    hasMore: () => connection()?.pageInfo.hasNextPage ?? false,
    async loadMore() {
      const after = connection()?.pageInfo.endCursor;
      if (typeof after === "string") await watched.fetchMore({ variables: { after } });
    },
    close: () => watching.unsubscribe(),
  };
}
