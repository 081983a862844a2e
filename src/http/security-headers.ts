import type { FastifyInstance } from "fastify";
import helmet, { type HelmetOptions } from "helmet";
import { ApiError } from "../messages/api-error.js";

type PolicyOptions = Pick<
  HelmetOptions,
  "contentSecurityPolicy" | "crossOriginOpenerPolicy" | "strictTransportSecurity"
>;
export type Headers = Readonly<Record<string, string>>;

/** A year: what browsers' lists of https-only hosts ask for at least. */
const HSTS_SECONDS = 365 * 24 * 60 * 60;

/** For answers that are not pages: a browser that takes one for a page loads, runs and frames nothing. */
export const NOTHING_ALLOWED = { "default-src": ["'none'"], "frame-ancestors": ["'none'"] };

/** For answers that are given before any hook runs. */
export const BARE_HEADERS: Headers = {
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/**
 * To be added before anything that answers: its hook comes first.
 * @param options.https whether callers come by https only, through whatever ends TLS in front of this service.
 */
export function addSecurityHeaders(app: FastifyInstance, { https }: { readonly https: boolean }): void {
  const headers = {
    ...headersOf({
      contentSecurityPolicy: { useDefaults: false, directives: NOTHING_ALLOWED },
      // On loopback it would take plain http away from whatever else a developer runs there.
      strictTransportSecurity: https ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
    }),
    // Answers have amounts and order numbers, and what is true at this moment only.
    "cache-control": "no-store",
  };
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(headers);
    done();
  });
}

/** The headers that helmet sets with these options: the same for every request, so it is called once and not each time. */
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
  // It reads nothing of a request, and only sets headers of a response.
  setHeaders({} as never, response as never, () => undefined);
  return headers;
}

const NOT_LOCAL = new ApiError(421, "BAD_REQUEST", ({ refusals }) => refusals.notLocal);

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
