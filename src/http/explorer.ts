import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { headersOf, NOTHING_ALLOWED, type Headers } from "./security-headers.js";

export interface Page {
  /** Written for the address at which it was requested. A script or style in it carries the nonce. */
  readonly html: (graphqlEndpoint: string, nonce: string) => string;
  /** What its content security policy allows: each directive with its sources. Everything else is forbidden. */
  readonly allows: (nonce: string) => Readonly<Record<string, readonly string[]>>;
}

export interface Explorer {
  readonly sandbox: Page;
  /** It loads its scripts and styles from `/explorer`. */
  readonly graphiql: Page;
}

/** 128 bits, as the specification of Content Security Policy asks. */
const NONCE_BYTES = 16;

/** What `npm run build` makes. The compiled sources are beside it. */
const FILES_FOLDER = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/explorer/" : "../../explorer/",
  import.meta.url,
);
const GZIPPED = ".gz";
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** Serves Apollo Sandbox at `/`, and GraphiQL, which needs nobody's servers, at `/?graphiql`. */
export function addExplorer(app: FastifyInstance, { sandbox, graphiql }: Explorer): void {
  app.get("/", (request, reply) => {
    const wantsGraphiql = "graphiql" in (request.query as Readonly<Record<string, unknown>>);
    return sendPage(request, reply, wantsGraphiql ? graphiql : sandbox);
  });
  // A worker has the policy that its script came with.
  const headers = pageHeaders(graphiql, "");
  for (const name of filesBuilt()) {
    app.get(`/explorer/${name}`, async (_request, reply) => {
      const bytes = await readFile(new URL(`${name}${GZIPPED}`, FILES_FOLDER));
      return reply
        .headers({ ...headers, "content-encoding": "gzip" })
        .type(CONTENT_TYPES[extname(name)] ?? "application/octet-stream")
        .send(bytes);
    });
  }
}

function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): FastifyReply {
  const nonce = randomBytes(NONCE_BYTES).toString("base64");
  return reply
    .headers(pageHeaders(page, nonce))
    .type("text/html; charset=utf-8")
    .send(page.html(`${request.protocol}://${request.host}/graphql`, nonce));
}

function pageHeaders({ allows }: Page, nonce: string): Headers {
  const directives = {
    ...NOTHING_ALLOWED,
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    ...allows(nonce),
  };
  return headersOf({
    contentSecurityPolicy: { useDefaults: false, directives },
    // The framed page opens a window for signing in.
    crossOriginOpenerPolicy: { policy: "same-origin-allow-popups" },
    strictTransportSecurity: false,
  });
}

/** Their names without the ending that says how they are packed; none when the service runs from sources that nobody has built. */
function filesBuilt(): string[] {
  try {
    return readdirSync(fileURLToPath(FILES_FOLDER))
      .filter((name) => name.endsWith(GZIPPED))
      .map((name) => name.slice(0, -GZIPPED.length));
  } catch {
    return [];
  }
}
