import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { answerClientError } from "./api-error.js";
import {
  cutLateRequests,
  limitConnections,
  maxOpenFiles,
  mostConnections,
  TIME_LIMITS,
  trackConnections,
  type TimeLimits,
} from "./connections.js";
import { logError } from "./log-error.js";
import { parseJsonBody } from "./json-body.js";
import { BARE_HEADERS } from "./security-headers.js";

/** The largest request this service has, 500 items, is about 70 kB. */
const BODY_LIMIT_BYTES = 100_000;

export interface HttpServerOptions {
  readonly logLevel: string;
  readonly timeLimits?: TimeLimits;
  /** How many clients may be connected at once. Unstated, what the limit of open files leaves room for. */
  readonly maxConnections?: number;
}

export function createHttpServer({
  logLevel,
  timeLimits = TIME_LIMITS,
  maxConnections = mostConnections(maxOpenFiles()),
}: HttpServerOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    logger: { level: logLevel, serializers: { err: (error: unknown) => logError(error) } },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: () => randomUUID(),
    // What comes before any route, such as an address that cannot be decoded: Fastify would quote it.
    frameworkErrors: (_error, request, reply) => {
      const body = errorBody("BAD_REQUEST", "This is not an address.");
      const headers = {
        ...BARE_HEADERS,
        "x-request-id": request.id,
        ...(hasUnreadBody(request.raw) && { connection: "close" }),
      };
      void (reply as FastifyReply).code(400).headers(headers).send(body);
    },
    clientErrorHandler: answerClientError,
    http: { headersTimeout: timeLimits.headersMs, connectionsCheckingInterval: timeLimits.checkEveryMs },
    requestTimeout: timeLimits.requestMs,
    keepAliveTimeout: timeLimits.keepAliveMs,
    connectionTimeout: timeLimits.idleMs,
    // Idle connections end at once when the service stops; what is in flight is finished first.
    forceCloseConnections: "idle",
  });

  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    parseJsonBody(body.toString(), done);
  });

  app.addHook("onRequest", (request, reply, done) => {
    // Not awaited: a reply is a promise of having been sent.
    void reply.header("x-request-id", request.id);
    done();
  });

  app.addHook("onResponse", (request, reply, done) => {
    // The path without its query: a GET query could carry an account number.
    const path = request.routeOptions.url ?? "(no route)";
    const ms = Math.round(reply.elapsedTime);
    request.log.info({ method: request.method, path, status: reply.statusCode, ms }, "answered");
    done();
  });

  // Without it, a client that keeps its connection would hold up a stop for as long as Node keeps idle connections: 72 s.
  let closing = false;
  app.addHook("preClose", (done) => {
    closing = true;
    done();
  });
  app.addHook("onSend", ({ raw }, reply, _payload, done) => {
    if (closing || hasUnreadBody(raw)) void reply.header("connection", "close");
    done();
  });

  const connections = trackConnections(app.server);
  limitConnections(app.server, connections, maxConnections);
  cutLateRequests(app, connections, timeLimits.requestMs);

  refuseUnknownRoutes(app);

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error({ err: error }, "answering a request failed");
    return reply.code(status).send(errorBody(codeOf(status), messageOf(error, status)));
  });
  return app;
}

function errorBody(code: string, message: string): object {
  return { errors: [{ message, extensions: { code } }] };
}

function codeOf(status: number): string {
  if (status === 413) return "PAYLOAD_TOO_LARGE";
  return status < 500 ? "BAD_REQUEST" : "INTERNAL_SERVER_ERROR";
}

function messageOf(error: FastifyError, status: number): string {
  if (status === 413) return `The request body is larger than ${BODY_LIMIT_BYTES} bytes.`;
  return status < 500
    ? error.message
    : "Something went wrong on our side. Quote the x-request-id header of this answer.";
}

/**
 * Answers 404, or 405 where the address has other methods, before a body is read: Fastify would parse it first, for anybody. Its hook
 * is the last before the parser, so that whatever else refuses a request, or gives an answer its headers, has come before.
 */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const each of [method].flat()) known.add(each);
    methods.set(url, known);
  });

  function refuse({ url }: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = methods.get(url.split("?")[0] ?? url);
    if (known === undefined)
      return reply.code(404).send(errorBody("NOT_FOUND", "There is nothing here. The API is at /graphql."));
    const allowed = [...known].sort().join(", ");
    return reply
      .code(405)
      .header("allow", allowed)
      .send(errorBody("BAD_REQUEST", `This address takes ${allowed}.`));
  }

  app.addHook("preParsing", (request, reply, _payload, done) => {
    if (request.is404) void refuse(request, reply);
    else done();
  });
}

/**
 * Whether a body is still to come when a request is answered. Node would read and drop all of it for the sake of the next request on
 * the connection; it does not when the answer says that the connection ends.
 */
export function hasUnreadBody({ headers, complete }: IncomingMessage): boolean {
  const isAnnounced = headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
  return isAnnounced && !complete;
}

export class ListenError extends Error {
  override readonly name = "ListenError";
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there. Stop it, or set PORT to another port",
  EACCES: "this account may not. Set PORT to 1024 or more",
  EADDRNOTAVAIL: "this machine does not have that address. Set HOST to one it has",
  ENOTFOUND: "no such name is known. Set HOST to an address of this machine",
};

/** The URL it then listens at. @throws ListenError that says what to set. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown reason";
    throw new ListenError(`listening on ${host}:${port}: ${REASONS[code] ?? code}`, { cause });
  }
}
