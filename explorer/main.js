/* global document, fetch, Worker */
// GraphiQL on this service, as a browser runs it. scripts/build-explorer.mjs puts it into one folder with all that it needs, so that
// it works without the internet.
import "graphiql/style.css";
import { GraphiQL } from "graphiql";
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-sse";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

const WORKERS = { graphql: "graphql.worker.js", json: "json.worker.js" };

// Monaco, the editor, asks for its workers by this name.
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(new URL(WORKERS[label] ?? "editor.worker.js", import.meta.url), { type: "module" }),
};

const root = document.getElementById("graphiql");
const { endpoint, streamEndpoint, operations } = JSON.parse(root.dataset.options);

/** Subscriptions as server-sent events, everything else as JSON. */
function send(request, { headers } = {}) {
  return isSubscription(request) ? follow(request, headers) : post(request, headers);
}

/** GraphiQL itself does not know before it has read the schema, which needs a token. */
function isSubscription({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    // The service says what is wrong with it.
    return false;
  }
}

function follow(request, headers) {
  return createClient({ url: streamEndpoint, headers, retryAttempts: 0 }).iterate(request);
}

async function post(request, headers) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(request),
  });
  // Refusals are JSON too.
  return response.json();
}

createRoot(root).render(
  createElement(GraphiQL, {
    fetcher: send,
    defaultTabs: operations.map((query) => ({ query })),
    defaultEditorToolsVisibility: "headers",
    // The token of a caller stays out of the browser's storage.
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
  }),
);
