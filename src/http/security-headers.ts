import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import helmet, { type HelmetOptions } from "helmet";

export interface SecurityHeaderOptions {
  /** Whether callers come by https only, through whatever ends TLS in front of this service. */
  readonly https: boolean;
}

type PolicyOptions = Pick<
  HelmetOptions,
  "contentSecurityPolicy" | "crossOriginOpenerPolicy" | "strictTransportSecurity"
>;
type Headers = Readonly<Record<string, string>>;

/** A year: what browsers' lists of https-only hosts ask for at least. */
const HSTS_SECONDS = 365 * 24 * 60 * 60;

/** Nothing here is a page: should a browser take an answer for one, it loads, runs and frames nothing. */
export const NOTHING_ALLOWED = { "default-src": ["'none'"], "frame-ancestors": ["'none'"] };

/** What also an answer carries that is given before there is a request to be seen by any hook. */
export const BARE_HEADERS: Headers = {
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** To be added before anything that answers: its hook comes first. */
export function addSecurityHeaders(app: FastifyInstance, { https }: SecurityHeaderOptions): void {
  const headers = {
    ...headersOf({
      contentSecurityPolicy: { useDefaults: false, directives: NOTHING_ALLOWED },
      // On loopback it would take plain http away from whatever else a developer runs there. Its subdomains are not this service's to decide on.
      strictTransportSecurity: https ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
    }),
    // Amounts and order numbers, and what is true at this moment only, are for nobody to keep.
    "cache-control": "no-store",
  };
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(headers);
    done();
  });
}

/** What helmet makes of these options. It makes the same for every request, and to ask it each time would be dear. */
export function headersOf(options: PolicyOptions): Headers {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  const setHeaders = helmet({
    xFrameOptions: { action: "deny" },
    referrerPolicy: { policy: "no-referrer" },
    ...options,
  });
  // It reads nothing of a request, and of a response it sets headers only.
  setHeaders({} as never, response as never, () => undefined);
  return headers;
}

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

const BODY = {
  errors: [
    {
      message:
        "Without authentication this service is for this machine only. Ask it by 127.0.0.1 or localhost.",
      extensions: { code: "BAD_REQUEST" },
    },
  ],
};

/**
 * Refuses requests that name another host. Any page in a browser on this machine can have its own name point to 127.0.0.1 (DNS
 * rebinding), and is then of the same origin: neither CORS nor the prevention of CSRF stops it.
 */
export function serveLocalOnly(app: FastifyInstance, isLoopback: (host: string) => boolean): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (isLoopback(request.hostname.toLowerCase())) done();
    else void reply.code(421).send(BODY);
  });
}
