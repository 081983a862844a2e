import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { InvalidArgumentError, NothingSentError } from "../cancellation/errors.js";
import { isArgumentError, literalError, TOO_MANY_ERRORS, variableError } from "./value-errors.js";

/** What callers are told of a fault that is ours: how to find it, and nothing of what a library said. */
const OURS =
  "Something went wrong on our side. Whether a cancel went through is told by `cancellationByKey`, or by repeating it with the same idempotency key. Quote the x-request-id header of this answer.";

const NOTHING_SENT =
  "The request could not be stored, so nothing was sent to EBP. Repeat it with the same idempotency key. Quote the x-request-id header of this answer if it goes on.";

/** Codes of errors whose message is written for the caller. */
const FOR_CALLERS = new Set([
  "BAD_REQUEST",
  "BAD_USER_INPUT",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  "UNAUTHENTICATED",
]);

export function isOurFault(error: unknown): boolean {
  const cause = unwrapResolverError(error);
  if (cause instanceof InvalidArgumentError || isArgumentError(cause)) return false;
  if (!(error instanceof GraphQLError)) return true;
  return error.message !== TOO_MANY_ERRORS && !FOR_CALLERS.has(String(error.extensions["code"]));
}

/**
 * The error as a caller may see it. graphql-js quotes the value it could not read, and for a missing field the whole object
 * around it: an account number would come back, and be logged by whoever logs answers. So no value is quoted, wherever it stands.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { locations, path, extensions } = formatted;
  const where = { ...(locations && { locations }), ...(path && { path }) };
  const cause = unwrapResolverError(error);
  if (cause instanceof InvalidArgumentError) {
    return { ...where, message: cause.message, extensions: { code: "BAD_USER_INPUT", field: cause.field } };
  }
  if (cause instanceof NothingSentError) {
    return { ...where, message: NOTHING_SENT, extensions: { code: "SERVICE_UNAVAILABLE" } };
  }
  if (isOurFault(error)) return { ...where, message: OURS, extensions: { code: "INTERNAL_SERVER_ERROR" } };
  const given = extensions?.["code"];
  const code = FOR_CALLERS.has(String(given)) ? String(given) : "BAD_USER_INPUT";
  const { message, field } = withoutValues(code, formatted.message, error as GraphQLError);
  return { ...where, message, extensions: { code, ...(field !== undefined && { field }) } };
}

function withoutValues(
  code: string,
  message: string,
  error: GraphQLError,
): { message: string; field?: string } {
  if (code === "GRAPHQL_PARSE_FAILED") return { message: syntaxMessage(message) };
  if (code === "OPERATION_RESOLUTION_FAILURE") {
    return { message: "There is no operation of this `operationName`, or several and no `operationName`." };
  }
  if (code === "BAD_USER_INPUT" && !isArgumentError(error)) return variableError(error);
  return literalError(error) ?? { message };
}

/** The kind of token is told and its place, not its text: an account number whose quotes were forgotten is one. */
function syntaxMessage(message: string): string {
  // The parser is recursive: what comes without these words is the engine's, about its stack.
  if (!message.startsWith("Syntax Error: "))
    return "Syntax Error: The document is nested too deep to be read";
  return message
    .replace(/\b(Name|Int|Float|String|BlockString|Comment) ".*$/su, "$1")
    .replace(/(Invalid (?:Unicode|character) escape sequence).*$/su, "$1")
    .replace(/variable "\$\w+"/u, "variable");
}
