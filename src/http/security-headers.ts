import type { FastifyInstance } from "fastify";
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
