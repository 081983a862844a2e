// What people use today: EBP's OpenAPI document turned into GraphQL. It forwards, and keeps and remembers nothing.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { loadGraphQLSchemaFromOpenAPI } from "@omnigraph/openapi";
import { createYoga } from "graphql-yoga";
import { fetch } from "undici";
import { createAgent, requestHeaders } from "./ebp.mjs";
import { serveNode } from "./serve-node.mjs";

const dispatcher = createAgent();

const schema = await loadGraphQLSchemaFromOpenAPI("ebp", {
  source: fileURLToPath(new URL("ebp-cancel.openapi.json", import.meta.url)),
  cwd: fileURLToPath(new URL(".", import.meta.url)),
  endpoint: process.env.UPSTREAM_URL,
  fetch: (url, { method, body }) => fetch(url, { method, body, headers: requestHeaders(body), dispatcher }),
});

const yoga = createYoga({ schema, logging: false, graphiql: false, landingPage: false });
serveNode(createServer(yoga), () => dispatcher.close());
