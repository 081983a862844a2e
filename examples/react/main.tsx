import { createRoot } from "react-dom/client";
import { createApolloClient } from "./apollo-client.js";
import { App } from "./app.js";

const root = document.getElementById("root");
if (root === null) throw new Error("showing the page: it has no element with the id root");
const client = createApolloClient({
  service: root.dataset["service"] ?? "",
  // Here your sign-in's token. Null is for a service without authentication.
  token: () => Promise.resolve(null),
});
createRoot(root).render(<App client={client} />);
