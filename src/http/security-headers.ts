import { randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { ApiError } from "./api-error.js";

type Headers = Readonly<Record<string, string>>;

/** A year: what browsers' lists of https-only hosts ask for at least. */
const HSTS = `max-age=${365 * 24 * 60 * 60}`;

/** For answers that are not pages: a browser that takes one for a page loads, runs and frames nothing. */
const NOTHING_ALLOWED = "default-src 'none';frame-ancestors 'none'";

/** For answers that are given before any hook runs. */
export const BARE_HEADERS: Headers = {
  "content-security-policy": NOTHING_ALLOWED,
  "x-content-type-options": "nosniff",
  // Answers have amounts and order numbers, and what is true at this moment only.
  "cache-control": "no-store",
};

/** As OWASP's list of secure headers has them, for every answer. */
const HEADERS: Headers = {
  ...BARE_HEADERS,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "origin-agent-cluster": "?1",
  "referrer-policy": "no-referrer",
  "x-dns-prefetch-control": "off",
  "x-download-options": "noopen",
  "x-frame-options": "DENY",
  "x-permitted-cross-domain-policies": "none",
  "x-xss-protection": "0",
};

/**
 * To be added before anything that answers: its hook comes first.
 * @param options.https whether callers come by https only, through whatever ends TLS in front of this service.
 */
export function addSecurityHeaders(app: FastifyInstance, { https }: { readonly https: boolean }): void {
  // On loopback, HSTS would take plain http away from whatever else a developer runs there.
  const headers = { ...HEADERS, ...(https && { "strict-transport-security": HSTS }) };
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(headers);
    done();
  });
}

export interface Page {
  /** Written for the address at which it was requested. Every script and style in it carries the nonce. */
  readonly html: (graphqlEndpoint: string, nonce: string) => string;
  /** The origins whose pages it shows in frames. It loads nothing else. */
  readonly frames: readonly string[];
}

/** 128 bits, as the specification of Content Security Policy asks. */
const NONCE_BYTES = 16;

/** Serves an HTML page at `/`, with a content security policy of its own. */
export function addPage(app: FastifyInstance, { html, frames }: Page): void {
  app.get("/", (request, reply) => {
    const nonce = randomBytes(NONCE_BYTES).toString("base64");
    const policy = [
      NOTHING_ALLOWED,
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      `frame-src ${frames.join(" ")}`,
      // The API, which the page's scripts call for the frame.
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
    ];
    return (
      reply
        .header("content-security-policy", policy.join(";"))
        // The framed page opens a window for signing in.
        .header("cross-origin-opener-policy", "same-origin-allow-popups")
        .type("text/html; charset=utf-8")
        .send(html(`${request.protocol}://${request.host}/graphql`, nonce))
    );
  });
}

const NOT_LOCAL = new ApiError(
  421,
  "BAD_REQUEST",
  "Without authentication this service is for this machine only. Ask it by 127.0.0.1 or localhost.",
);

/**
 * Refuses requests that name another host. Any page in a browser on this machine can have its own name point to 127.0.0.1 (DNS
 * rebinding), and is then of the same origin: neither CORS nor the prevention of CSRF stops it.
 */
export function serveLocalOnly(app: FastifyInstance, isLoopback: (host: string) => boolean): void {
  app.addHook("onRequest", ({ hostname }, _reply, done) => {
    if (isLoopback(hostname.toLowerCase())) done();
    else done(NOT_LOCAL);
  });
}
