import type { ApolloClient } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { useState, type ReactNode } from "react";
import { loadDraft } from "./cancel-draft.js";
import { CancelForm } from "./cancel-form.js";
import { CancellationList } from "./cancellation-list.js";
import { LiveOrder } from "./live-order.js";

/** The whole page. It follows the order that was cancelled last, also after a reload. */
export function App({ client }: { readonly client: ApolloClient }): ReactNode {
  const [orderNo, follow] = useState(() => {
    const draft = loadDraft();
    return draft?.isSent === true ? draft.fields.orderNo : null;
  });
  return (
    <ApolloProvider client={client}>
      <CancelForm onSent={follow} />
      {orderNo !== null && <LiveOrder key={orderNo} orderNo={orderNo} />}
      <CancellationList />
    </ApolloProvider>
  );
}
