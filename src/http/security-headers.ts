import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";

export interface SecurityHeaderOptions {
  /** Whether callers come by https only, through whatever ends TLS in front of this service. */
  readonly https: boolean;
}

/** A year: what browsers' lists of https-only hosts ask for at least. */
const HSTS_SECONDS = 365 * 24 * 60 * 60;

/** Nothing here is a page: should a browser take an answer for one, it loads, runs and frames nothing. */
export const NOTHING_ALLOWED = { "default-src": ["'none'"], "frame-ancestors": ["'none'"] };

/** What also an answer carries that is given before there is a request to be seen by any hook. */
export const BARE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** To be added before anything that answers: its hook comes first. */
export async function addSecurityHeaders(
  app: FastifyInstance,
  { https }: SecurityHeaderOptions,
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: NOTHING_ALLOWED },
    xFrameOptions: { action: "deny" },
    referrerPolicy: { policy: "no-referrer" },
    // On loopback it would take plain http away from whatever else a developer runs there. Its subdomains are not this service's to decide on.
    strictTransportSecurity: https ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
  });
  // Amounts and order numbers, and what is true at this moment only, are for nobody to keep.
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.header("cache-control", "no-store");
    done();
  });
}
