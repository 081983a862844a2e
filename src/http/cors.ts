import { fastifyCors } from "@fastify/cors";
import type { FastifyInstance } from "fastify";

export interface CorsOptions {
  /** Whose pages may call: exact origins, or `*` for any. With none, there is no CORS. */
  readonly origins: readonly string[];
  /** The routes that pages may call. */
  readonly routes: readonly string[];
}

/** How long a browser may remember the answer to a preflight: the longest that Chromium takes. */
const MAX_AGE_SECONDS = 7_200;

/** What GraphQL and event stream clients send. */
const ALLOWED_HEADERS = [
  // Browsers ask about these two as well when their values have quotes, colons or brackets.
  "accept",
  "accept-language",
  "authorization",
  "content-type",
  // Clients that know servers with Apollo's CSRF prevention.
  "apollo-require-preflight",
  "x-apollo-operation-name",
  "apollographql-client-name",
  "apollographql-client-version",
  // Not read: each request gets an id of its own. Many API clients add one by default.
  "x-request-id",
];

/** What a page has a use for, beside what browsers show anyway. */
const EXPOSED_HEADERS = ["content-disposition", "content-language", "retry-after", "x-request-id"];

/**
 * Lets pages of other origins call. Their preflights are answered here, before anybody is asked for a token, which browsers leave out of
 * them. To be added before anything that refuses requests: a page cannot read a refusal that has no CORS headers.
 */
export async function addCors(app: FastifyInstance, { origins, routes }: CorsOptions): Promise<void> {
  if (origins.length === 0) return;
  app.addHook("onRoute", (route) => {
    if (!routes.includes(route.url)) route.config = { ...route.config, cors: false };
  });
  await app.register(fastifyCors, {
    origin: [...origins],
    methods: ["GET", "POST"],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: MAX_AGE_SECONDS,
    // An OPTIONS that is no preflight would get an answer in another shape than every other refusal.
    strictPreflight: false,
  });
  // A preflight needs a route; its handler is never reached.
  for (const url of routes) app.options(url, () => null);
}
