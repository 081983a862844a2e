import { randomUUID } from "node:crypto";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, LogController } from "fastify";
import { hasUnreadBody, refuseUnknownRoutes } from "./before-bodies.js";
import { answerClientError } from "./client-error.js";
import { trackConnections } from "./connections.js";
import { cutLateRequests } from "./cut-late-requests.js";
import { limitConnections, maxOpenFiles, mostConnections } from "./limit-connections.js";
import { logError } from "./log-error.js";
import { parseJsonBody } from "./json-body.js";
import { BARE_HEADERS } from "./security-headers.js";
import { TIME_LIMITS, type TimeLimits } from "./time-limits.js";

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
