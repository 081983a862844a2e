import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import Fastify, { type FastifyInstance, type FastifyReply, LogController } from "fastify";
import { isSafeNumber, LosslessNumber, parse } from "lossless-json";
import {
  answerClientError,
  guardConnections,
  maxOpenFiles,
  mostConnections,
  TIME_LIMITS,
  type TimeLimits,
} from "./connections.js";
import { MAX_TOKEN_LENGTH } from "../cancellation/model/caller.js";
import { ApiError, errorBody } from "../messages/api-error.js";
import { chooseLanguage, MESSAGES } from "../messages/messages.js";
import { answerError, logError } from "./errors.js";
import { checkParameters, decodeBody } from "./request-text.js";
import { BARE_HEADERS } from "./security-headers.js";

/**
 * The largest honest request, 500 lines with ids of 100 characters, has 200 kB in Hangul, and 350 kB where a client escapes each
 * character.
 */
const BODY_LIMIT_BYTES = 1_000_000;

export interface HttpServerOptions {
  readonly logLevel: string;
  readonly timeLimits?: TimeLimits;
  /** How many clients may be connected at once. Unless stated, what the limit of open files leaves room for. */
  readonly maxConnections?: number;
  /** Whether connections are to end with their next answer: another replica takes what comes after it. */
  readonly isDraining?: () => boolean;
}

const PROBES = ["/livez", "/readyz", "/metrics"];

/** A UUID, or 32 hexadecimal digits as nginx makes them. It goes into logs as it is, so nothing that may be an account number is taken. */
const REQUEST_ID = /^(?:[\da-f]{32}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/iu;

function callersRequestId(header: string | string[] | undefined): string | null {
  return typeof header === "string" && REQUEST_ID.test(header) ? header : null;
}

/** A server without routes: what it does for all of them is here. */
export function createHttpServer({
  logLevel,
  timeLimits = TIME_LIMITS,
  maxConnections = mostConnections(maxOpenFiles()),
  isDraining = () => false,
}: HttpServerOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    logger: { level: logLevel, serializers: { err: (error: unknown) => logError(error) } },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    // A caller's own, so that its request can be followed through every service.
    genReqId: ({ headers }) => callersRequestId(headers["x-request-id"]) ?? randomUUID(),
    // For errors before any route, such as an address that cannot be decoded. No hook runs, and Fastify would quote the address.
    frameworkErrors: (_error, request, reply) => {
      const language = chooseLanguage(request.headers["accept-language"]);
      const headers = {
        ...BARE_HEADERS,
        "content-language": language,
        "x-request-id": request.id,
        ...(hasUnreadBody(request.raw) && { connection: "close" }),
      };
      const body = errorBody(MESSAGES[language].refusals.notAnAddress, { code: "BAD_REQUEST" });
      void (reply as FastifyReply).code(400).headers(headers).send(body);
    },
    clientErrorHandler: answerClientError,
    // For the longest token that is checked, and as much again; Node's own limit is 16 kB for all headers.
    http: {
      maxHeaderSize: 2 * MAX_TOKEN_LENGTH,
      headersTimeout: timeLimits.headersMs,
      connectionsCheckingInterval: timeLimits.checkEveryMs,
    },
    requestTimeout: timeLimits.requestMs,
    keepAliveTimeout: timeLimits.keepAliveMs,
    connectionTimeout: timeLimits.idleMs,
    // A stop ends idle connections at once, and finishes what is in flight first.
    forceCloseConnections: "idle",
  });
  app.setErrorHandler(answerError);

  // Nothing but JSON: a page of another site may send a form's types without asking first.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, ({ headers }, body, done) => {
    // Its refusals are thrown, and answered like any other.
    parseJsonBody(decodeBody(headers, body as Buffer), done);
  });
  app.addHook("preHandler", checkParameters);

  app.addHook("onRequest", (request, reply, done) => {
    // Not awaited: a reply is a promise of having been sent.
    // What varies by more adds to it: messages are in the caller's language.
    void reply.headers({ "x-request-id": request.id, vary: "accept-language" });
    done();
  });

  app.addHook("onResponse", (request, reply, done) => {
    // The path without its query: a GET query could carry an account number.
    const path = request.routeOptions.url ?? "(no route)";
    const ms = Math.round(reply.elapsedTime);
    // Probes come every few seconds, and say nothing about callers.
    const level = PROBES.includes(path) ? "debug" : "info";
    request.log[level]({ method: request.method, path, status: reply.statusCode, ms }, "answered");
    done();
  });

  // Otherwise a client that keeps its connection would hold up a stop for as long as Node keeps idle connections: 72 s.
  let closing = false;
  app.addHook("preClose", (done) => {
    closing = true;
    done();
  });
  app.addHook("onSend", ({ raw }, reply, _payload, done) => {
    if (closing || isDraining() || hasUnreadBody(raw)) void reply.header("connection", "close");
    done();
  });

  guardConnections(app, maxConnections, timeLimits.requestMs);
  refuseUnknownRoutes(app);
  return app;
}

/**
 * Whether a body is still to come when a request is answered. Node would read and drop all of it before the next request on the
 * connection, unless the answer says that the connection ends.
 */
function hasUnreadBody({ headers, complete }: IncomingMessage): boolean {
  const isAnnounced = headers["transfer-encoding"] !== undefined || Number(headers["content-length"]) > 0;
  return isAnnounced && !complete;
}

const EVERY_ADDRESS = "*";

/**
 * Answers 404, or 405 where the address has other methods, before a body is read: Fastify would parse it first, for anybody. Its hook
 * is the last before the parser, after every hook that refuses a request or adds headers.
 */
function refuseUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    // Of every address: that is where CORS answers preflights, and no route of this service.
    if (url === EVERY_ADDRESS) return;
    const known = methods.get(url) ?? new Set();
    for (const each of [method].flat()) known.add(each);
    methods.set(url, known);
  });
  app.addHook("preParsing", ({ is404, url, routeOptions }, _reply, _payload, done) => {
    const isUnknown = is404 || routeOptions.url === EVERY_ADDRESS;
    done(isUnknown ? refusalOf(methods.get(url.split("?")[0] ?? url)) : null);
  });
}

function refusalOf(methods: ReadonlySet<string> | undefined): ApiError {
  if (methods === undefined) return new ApiError(404, "NOT_FOUND", ({ refusals }) => refusals.nothingHere);
  const allow = [...methods].sort().join(", ");
  return new ApiError(405, "BAD_REQUEST", ({ refusals }) => refusals.otherMethods(allow), {
    headers: { allow },
  });
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

/** @returns the URL it then listens at. @throws an error that says what to set. */
export async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
  what = "Server",
): Promise<string> {
  try {
    return await app.listen({ host, port, listenTextResolver: (at) => `${what} listening at ${at}` });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown reason";
    throw new ListenError(`listening on ${host}:${port}: ${REASONS[code] ?? code}`, { cause });
  }
}

/** The parser's own message would quote the body. */
const NOT_JSON = new ApiError(400, "BAD_REQUEST", ({ refusals }) => refusals.notJson);
const HAS_PROTO_KEY = new ApiError(400, "BAD_REQUEST", ({ refusals }) => refusals.hasProtoKey);

type Done = (error: Error | null, body?: unknown) => void;

/**
 * Parses a request body without losing digits: a number that a double cannot hold becomes a LosslessNumber, every other one a number.
 * Refuses an object that has the same key twice with different values: nobody can tell which was meant.
 */
export function parseJsonBody(text: string, done: Done): void {
  let body: unknown;
  let refusal: ApiError | null;
  try {
    body = parsePlainly(text) ?? parseLosslessly(text);
    refusal = hasProtoKey(body) ? HAS_PROTO_KEY : null;
  } catch {
    // Also for a body nested too deep to be read.
    refusal = NOT_JSON;
  }
  done(refusal, body);
}

function parseLosslessly(text: string): unknown {
  return parse(text, undefined, (number) =>
    isSafeNumber(number, { approx: false }) ? Number(number) : new LosslessNumber(number),
  );
}

/** A number that a double might not hold. A double holds every number of up to 15 digits. */
const UNUSUAL_NUMBER = /(?:^|[:[,\s])-?(?:[\d.]{16}|[\d.]+[eE])/u;
const KEY = /"\s*:/gu;

/**
 * The engine's parser is several times as fast, but rounds numbers and drops repeated keys in silence. Null unless it did neither for
 * certain: no number is unusual, and the body has as many keys as there are colons after texts. A colon within a text only makes
 * the count larger, and the body goes to the other parser.
 */
function parsePlainly(text: string): unknown {
  if (UNUSUAL_NUMBER.test(text)) return null;
  try {
    const body: unknown = JSON.parse(text);
    return countKeys(body) === (text.match(KEY)?.length ?? 0) ? body : null;
  } catch {
    // The other parser refuses it as well.
    return null;
  }
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + countKeys(each), 0);
  let count = 0;
  for (const key in value) count += 1 + countKeys((value as Record<string, unknown>)[key]);
  return count;
}

/** Harmless as parsed, but a copy made of the object later could set its prototype. */
function hasProtoKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof LosslessNumber) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey);
}
