import { Suspense } from "react";
import { createRoot } from "react-dom/client";
import { RelayEnvironmentProvider } from "react-relay";
import { createEnvironment } from "./environment.js";
import { OrderPage } from "./order-cancellations.js";

const root = document.getElementById("root");
if (root === null) throw new Error("showing the page: it has no element with the id root");
const environment = createEnvironment({
  endpoint: `${root.dataset["service"] ?? ""}/graphql`,
  // Here your sign-in's token. Null is for a service without authentication.
  token: () => Promise.resolve(null),
});
const orderNo = new URLSearchParams(location.search).get("orderNo") ?? "";
createRoot(root).render(
  <RelayEnvironmentProvider environment={environment}>
    <Suspense fallback={<p>Loading…</p>}>
      <OrderPage orderNo={orderNo} />
    </Suspense>
  </RelayEnvironmentProvider>,
);
