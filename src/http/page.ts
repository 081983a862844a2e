import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { headersOf, NOTHING_ALLOWED } from "./security-headers.js";

export interface Page {
  /** Made for the address it was asked at. Every script and style in it carries the nonce. */
  readonly html: (graphqlEndpoint: string, nonce: string) => string;
  /** Whose pages it shows in frames. It loads nothing else from anywhere. */
  readonly frames: readonly string[];
}

/** 128 bits, as the specification of Content Security Policy asks. */
const NONCE_BYTES = 16;

/** Serves an HTML page at `/`, with a policy of its own: what it names may be loaded, and nothing else. */
export function addPage(app: FastifyInstance, { html, frames }: Page): void {
  app.get("/", (request, reply) => {
    const nonce = randomBytes(NONCE_BYTES).toString("base64");
    const directives = {
      ...NOTHING_ALLOWED,
      "script-src": [`'nonce-${nonce}'`],
      "style-src": [`'nonce-${nonce}'`],
      "frame-src": frames,
      // The API, which the page's scripts call for the frame.
      "connect-src": ["'self'"],
      "base-uri": ["'none'"],
      "form-action": ["'none'"],
    };
    const headers = headersOf({
      contentSecurityPolicy: { useDefaults: false, directives },
      // Who signs in to what is framed does so in a window that the frame opens.
      crossOriginOpenerPolicy: { policy: "same-origin-allow-popups" },
      strictTransportSecurity: false,
    });
    return reply
      .headers(headers)
      .type("text/html; charset=utf-8")
      .send(html(endpointOf(request), nonce));
  });
}

function endpointOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}/graphql`;
}
