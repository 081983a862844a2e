import { STREAM_PATH } from "./stream.js";
import { EXAMPLE_MUTATION, EXAMPLE_QUERY } from "./welcome.js";

/** A tab each, called by its name. */
const OPERATIONS = [
  EXAMPLE_MUTATION.replace(/^mutation/u, "mutation FirstCancel"),
  EXAMPLE_QUERY.replace(/^query/u, "query Cancellations"),
  `subscription Follow {
  cancellationChanged(orderNo: "ORD20251224001") { id status settlement }
}`,
];

/** GraphiQL, all of it from this service: it works without the internet. */
export const GRAPHIQL_PAGE = {
  html: graphiqlPage,
  allows: (): Record<string, string[]> => ({
    "script-src": ["'self'"],
    "worker-src": ["'self'"],
    // The editor makes its styles while it runs, without a nonce.
    "style-src": ["'self'", "'unsafe-inline'"],
    "font-src": ["data:"],
    "img-src": ["data:"],
    "connect-src": ["'self'"],
  }),
};

/** explorer/main.js fills it. */
function graphiqlPage(): string {
  const options = {
    endpoint: "/graphql",
    streamEndpoint: STREAM_PATH,
    operations: OPERATIONS,
  };
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Cancel payments: GraphiQL</title>
  <link rel="stylesheet" href="/explorer/main.css">
  <style>html, body, #graphiql { height: 100%; margin: 0 }</style>
  <script type="module" src="/explorer/main.js"></script>
</head>
<body>
  <div id="graphiql" data-options="${escapeHtml(JSON.stringify(options))}">
    Loading GraphiQL. If it does not appear, it has not been built: <code>npm run build</code> does so.
  </div>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
