import { EXAMPLE_MUTATION, curlLine } from "./example-operations.js";

/** Apollo's embeddable Sandbox comes from Apollo's CDN, in the major version this page is written for. */
const SANDBOX_VERSION = "https://embeddable-sandbox.cdn.apollographql.com/v2/";

/**
 * The page, and what it loads. Sandbox itself runs in Apollo's frame and reaches nothing here: it has the script in the page send
 * its requests, to the page's own address.
 */
export const SANDBOX_PAGE = {
  html: sandboxPage,
  scripts: [SANDBOX_VERSION],
  frames: ["https://sandbox.embed.apollographql.com"],
  // The script adds Apollo's icon where there is no other.
  images: ["https://embeddable-explorer.cdn.apollographql.com"],
};

/** Apollo Sandbox on this service's endpoint, a first mutation filled in; without the CDN, the same by curl. */
function sandboxPage(endpoint: string, nonce: string): string {
  const options = JSON.stringify({
    target: "#sandbox",
    initialEndpoint: endpoint,
    initialState: { document: EXAMPLE_MUTATION },
    hideCookieToggle: true,
    endpointIsEditable: false,
    runTelemetry: false,
    // The policy lets no script write styles; the page's own has them.
    allowDynamicStyles: false,
  }).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Cancel payments: Apollo Sandbox</title>
  <style nonce="${nonce}">
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
  <script src="${SANDBOX_VERSION}embeddable-sandbox.umd.production.min.js"></script>
  <script nonce="${nonce}">
    if (window.EmbeddedSandbox) {
      new window.EmbeddedSandbox(${options});
    } else {
      document.getElementById("sandbox").remove();
      document.getElementById("without").hidden = false;
    }
  </script>
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
