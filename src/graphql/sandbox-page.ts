import { EXAMPLE_MUTATION } from "./welcome.js";

const SANDBOX_ORIGIN = "https://sandbox.embed.apollographql.com";
/** Of @apollo/sandbox, whose messages to the frame and from it this page speaks. The frame is told. */
const PROTOCOL_VERSION = "2.7.4";

/** How long Apollo's servers may take to answer at all. A firewall may drop every packet in silence. */
const REACH_MS = 3_000;
/** How long Sandbox may take to load once they have answered, over a slow line. */
const LOAD_MS = 15_000;

/** Apollo Sandbox in a frame. No script of anybody else's runs in the page, so none has to be trusted. */
export const SANDBOX_PAGE = {
  html: sandboxPage,
  allows: (nonce: string): Record<string, string[]> => ({
    "script-src": [`'nonce-${nonce}'`],
    "style-src": [`'nonce-${nonce}'`],
    "frame-src": [SANDBOX_ORIGIN],
    // The API, which the page calls for the frame; and Apollo's servers, to see whether they answer.
    "connect-src": ["'self'", SANDBOX_ORIGIN],
  }),
};

/** Apollo Sandbox on this service's endpoint, a first mutation filled in. Where it does not load, the page goes to GraphiQL. */
function sandboxPage(endpoint: string, nonce: string): string {
  const options = JSON.stringify({
    endpoint,
    origin: SANDBOX_ORIGIN,
    address: addressOf(endpoint),
    reachMs: REACH_MS,
    loadMs: LOAD_MS,
  });
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Cancel payments: Apollo Sandbox</title>
  <style nonce="${nonce}">
    #sandbox { position: fixed; inset: 0; width: 100%; height: 100%; border: 0; visibility: hidden }
    .loaded #sandbox { visibility: visible }
    .loaded #loading { display: none }
    #loading { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
  </style>
</head>
<body>
  <iframe id="sandbox" title="Apollo Sandbox"></iframe>
  <main id="loading">
    <h1>Loading Apollo Sandbox</h1>
    <p>It comes from Apollo's servers. <a href="/?graphiql">GraphiQL</a> comes from this service, and opens by itself if Sandbox does not.</p>
  </main>
  <script nonce="${nonce}">(${RELAY})(${options.replaceAll("<", "\\u003c")});</script>
</body>
</html>
`;
}

/** Where the frame is loaded from, with the parameters that @apollo/sandbox gives it. */
function addressOf(endpoint: string): string {
  const parameters = {
    endpoint,
    sendOperationHeadersInIntrospection: true,
    defaultDocument: EXAMPLE_MUTATION,
    hideCookieToggle: true,
    // It speaks WebSocket and multipart; subscriptions come here as server-sent events.
    parentSupportsSubscriptions: false,
    version: PROTOCOL_VERSION,
    runTelemetry: false,
    initialRequestQueryPlan: false,
    shouldDefaultAutoupdateSchema: true,
    endpointIsEditable: false,
  };
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${SANDBOX_ORIGIN}/sandbox/explorer?${query.join("&")}`;
}

/**
 * Runs in the browser. The frame is of another origin and reaches nothing here: it asks the page to send its requests, and the page
 * sends them to this service, whatever address the frame names.
 */
const RELAY = `function ({ endpoint, origin, address, reachMs, loadMs }) {
  const frame = document.getElementById("sandbox");
  const tell = (message) => frame.contentWindow.postMessage(message, origin);

  function send(given, body) {
    const headers = new Headers(given);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return fetch(endpoint, { method: "POST", credentials: "omit", headers, body: JSON.stringify(body) });
  }

  async function readSchema({ operationId, introspectionRequestBody, introspectionRequestHeaders }) {
    try {
      const { query, operationName } = JSON.parse(introspectionRequestBody);
      const response = await send(introspectionRequestHeaders, { query, operationName });
      const { data, errors } = await response.json();
      if (errors && errors.length > 0) tell({ name: "SchemaError", errors, operationId });
      tell({ name: "SchemaResponse", schema: data, operationId });
    } catch (error) {
      tell({ name: "SchemaError", error, operationId });
    }
  }

  async function run({ operationId, operation, operationName, variables, headers }) {
    const answer = (response) => tell({ name: "ExplorerResponse", operationId, response: { ...response, hasNext: false } });
    try {
      const response = await send(headers, { query: operation, variables, operationName });
      const result = await response.json();
      answer({ ...result, status: response.status, headers: Object.fromEntries(response.headers) });
    } catch ({ message, stack }) {
      answer({ data: null, error: { message, stack } });
    }
  }

  window.addEventListener("message", ({ origin: from, source, data }) => {
    if (from !== origin || source !== frame.contentWindow || !data) return;
    if (data.name === "ExplorerListeningForHandshake") {
      document.body.className = "loaded";
      tell({ name: "HandshakeResponse", parentHref: window.location.href });
    }
    if (data.name === "IntrospectionQueryWithHeaders") readSchema(data);
    if (data.name === "ExplorerRequest") run(data);
  });
  frame.src = address;

  const giveUp = () => {
    if (document.body.className !== "loaded") window.location.replace("/?graphiql");
  };
  let isReached = false;
  fetch(origin, { mode: "no-cors", credentials: "omit" }).then(() => (isReached = true), () => undefined);
  setTimeout(() => isReached || giveUp(), reachMs);
  setTimeout(giveUp, loadMs);
}`;
