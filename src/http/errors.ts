import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { InvalidArgumentError } from "../cancellation/model/errors.js";

interface ApiErrorDetails {
  /** More about the error for programs, beside its code. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** A request that is not served. Whoever throws it, `answerError` answers it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | number>>;

  constructor(
    readonly statusCode: number,
    code: string,
    message: string,
    { extensions = {}, headers = {} }: ApiErrorDetails = {},
  ) {
    super(message);
    this.extensions = { code, ...extensions };
    this.headers = headers;
  }
}

/** The caller may try again after so many seconds: it asked too often (429), or the service cannot answer now (503). */
export function retryLater(statusCode: 429 | 503, retryAfterSeconds: number, message: string): ApiError {
  return new ApiError(statusCode, statusCode === 429 ? "RATE_LIMITED" : "SERVICE_UNAVAILABLE", message, {
    extensions: { retryAfterSeconds },
    headers: { "retry-after": retryAfterSeconds },
  });
}

/** The body of every error that this server answers; a GraphQL client reads it like any other. */
export function errorBody(message: string, extensions: Readonly<Record<string, unknown>>): object {
  return { errors: [{ message, extensions }] };
}

/**
 * The server's error handler. An error with a `statusCode` below 500 is the caller's, and its message is for the caller; any other is
 * logged, and its message stays here.
 */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode, headers, message, extensions } = toApiError(error, request);
  return reply.code(statusCode).headers(headers).send(errorBody(message, extensions));
}

function toApiError(error: Error & { readonly statusCode?: number }, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof InvalidArgumentError)
    return new ApiError(400, "BAD_USER_INPUT", error.message, { extensions: { field: error.field } });
  const { statusCode = 500, message } = error;
  if (statusCode === 413) {
    const { bodyLimit } = request.routeOptions;
    return new ApiError(413, "PAYLOAD_TOO_LARGE", `The request body is larger than ${bodyLimit} bytes.`);
  }
  if (statusCode < 500) return new ApiError(statusCode, "BAD_REQUEST", message);
  request.log.error({ err: error }, "answering a request failed");
  return new ApiError(
    statusCode,
    "INTERNAL_SERVER_ERROR",
    "Something went wrong on our side. Quote the x-request-id header of this answer.",
  );
}

/** A chain of causes longer than this is a loop. */
const MAX_CAUSES = 5;

/**
 * The engine quotes what it could not parse, compile or convert, which may be a caller's data. By name too: an error of another realm,
 * such as a worker's, is not an instance of ours.
 */
const ENGINE_ERRORS = ["SyntaxError", "TypeError", "RangeError", "ReferenceError", "URIError", "EvalError"];

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  readonly cause?: LoggedError;
  readonly [more: string]: unknown;
}

/**
 * What the log shows of an error: these fields and nothing else. Libraries add fields to their errors, and pino would write them all: a
 * database's error has the refused row, with its keys, notes and refund account.
 */
export function logError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: "not an error", stack: "" };
  const { code } = error as { code?: unknown };
  const isHidden = ENGINE_ERRORS.includes(error.name);
  return {
    type: error.name,
    message: isHidden ? "not logged: it may quote data" : error.message,
    stack: isHidden ? placesOf(error) : (error.stack ?? ""),
    ...(typeof code === "string" && { code }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: logError(error.cause, depth + 1) }),
  };
}

/** The stack without the message at its beginning, which may have lines of its own that look like places. */
function placesOf({ name, message, stack = "" }: Error): string {
  const start = stack.indexOf(message);
  // The message was changed afterwards: it cannot be told where the old one ends.
  return start === -1 ? name : name + stack.slice(start + message.length);
}
