// What people use today: EBP's OpenAPI document turned into GraphQL. It forwards, and keeps and remembers nothing.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { loadGraphQLSchemaFromOpenAPI } from "@omnigraph/openapi";
import { fetch } from "@whatwg-node/fetch";
import { createYoga } from "graphql-yoga";
import { requestHeaders } from "./ebp.mjs";
import { serveNode } from "./serve-node.mjs";

const schema = await loadGraphQLSchemaFromOpenAPI("ebp", {
  source: fileURLToPath(new URL("ebp-cancel.openapi.json", import.meta.url)),
  endpoint: process.env.UPSTREAM_URL,
  // The fetch it uses by itself, which is faster than undici's, with the headers that sign the body.
  fetch: (url, { method, body }) => fetch(url, { method, body, headers: requestHeaders(body) }),
});

const yoga = createYoga({ schema, logging: false, graphiql: false, landingPage: false });
serveNode(createServer(yoga), () => undefined);
