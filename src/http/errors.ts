import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { InvalidArgumentError } from "../cancellation/model/errors.js";
import { pathOf, REASONS } from "../cancellation/model/fault.js";
import { ApiError, errorBody } from "../messages/api-error.js";
import { chooseLanguage, describeFault, MESSAGES } from "../messages/messages.js";

/**
 * The server's error handler. An error with a `statusCode` below 500 is the caller's; any other is logged, and its message stays
 * here.
 */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode, headers, text, extensions } = toApiError(error, request);
  const language = chooseLanguage(request.headers["accept-language"]);
  return reply
    .code(statusCode)
    .headers({ ...headers, "content-language": language })
    .send(errorBody(text(MESSAGES[language]), extensions));
}

function toApiError(error: Error & { readonly statusCode?: number }, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof InvalidArgumentError) {
    const { fault } = error;
    const extensions = { field: pathOf(fault.field), reason: REASONS[fault.kind] };
    return new ApiError(400, "BAD_USER_INPUT", (messages) => describeFault(fault, messages), { extensions });
  }
  const { statusCode = 500 } = error;
  if (statusCode === 413) {
    const { bodyLimit } = request.routeOptions;
    return new ApiError(413, "PAYLOAD_TOO_LARGE", ({ refusals }) => refusals.bodyTooLarge(bodyLimit));
  }
  if (statusCode === 415)
    return new ApiError(415, "BAD_REQUEST", ({ refusals }) => refusals.wrongContentType);
  // Fastify's own messages may quote what it could not read.
  if (statusCode < 500) return new ApiError(statusCode, "BAD_REQUEST", ({ refusals }) => refusals.badRequest);
  request.log.error({ err: error }, "answering a request failed");
  return new ApiError(statusCode, "INTERNAL_SERVER_ERROR", ({ refusals }) => refusals.ourFaultOfRoute);
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
