import { EXAMPLE_MUTATION, curlLine } from "./example-operations.js";

/** Apollo's embeddable Sandbox comes from Apollo's CDN, in the major version this page is written for. */
const SANDBOX_SCRIPT =
  "https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js";

/** Apollo Sandbox on this service's endpoint, a first mutation filled in; without the CDN, the same by curl. */
export function sandboxPage(endpoint: string): string {
  const options = JSON.stringify({
    target: "#sandbox",
    initialEndpoint: endpoint,
    initialState: { document: EXAMPLE_MUTATION },
    hideCookieToggle: true,
    endpointIsEditable: false,
    runTelemetry: false,
  }).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Cancel payments: Apollo Sandbox</title>
  <style>
    html, body, #sandbox { height: 100%; margin: 0 }
    #sandbox iframe { width: 100%; height: 100%; border: 0; display: block }
    #without { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
    pre { background: #f4f4f5; padding: 1rem; overflow-x: auto }
  </style>
</head>
<body>
  <div id="sandbox"></div>
  <main id="without" hidden>
    <h1>Apollo Sandbox could not be loaded</h1>
    <p>It comes from Apollo's servers, which this browser does not reach. The service itself is running; its endpoint is
      <code>${escapeHtml(endpoint)}</code>. A first cancel from a terminal:</p>
    <pre>${escapeHtml(curlLine(endpoint, EXAMPLE_MUTATION))}</pre>
    <p>The same, for any GraphQL client:</p>
    <pre>${escapeHtml(EXAMPLE_MUTATION)}</pre>
  </main>
  <script>
    function withoutSandbox() {
      document.getElementById("sandbox").hidden = true;
      document.getElementById("sandbox").style.height = 0;
      document.getElementById("without").hidden = false;
    }
  </script>
  <script src="${SANDBOX_SCRIPT}" onerror="withoutSandbox()"></script>
  <script>if (window.EmbeddedSandbox) new window.EmbeddedSandbox(${options});</script>
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
