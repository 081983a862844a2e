import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import {
  BusyError,
  InvalidArgumentError,
  KeyNotReadError,
  NothingSentError,
  TooManyFollowersError,
  TooSlowError,
} from "../../cancellation/model/errors.js";
import { MAX_TOKENS } from "./limits/limits.js";
import { isArgumentError, literalError, TOO_MANY_ERRORS, variableError } from "./value-errors.js";

/** What callers are told of a fault that is ours: how to find it, and nothing of what a library said. */
const OURS =
  "Something went wrong on our side. Whether a cancel went through is told by `cancellationByKey`, or by repeating it with the same idempotency key. Quote the x-request-id header of this answer.";

const NOTHING_SENT =
  "This call sent nothing to EBP, because the request could not be stored. Whether an earlier call with this idempotency key sent something cannot be told now. Repeat it with the same key. Quote the x-request-id header of this answer if it goes on.";

const TOO_SLOW =
  "This takes too long to find: few or none meet all of these conditions together. Narrow the filter, such as with `createdFrom`.";

const BUSY =
  "More is asked than can be served at this moment, and this waited in vain for its turn. Repeat it in a moment; a cancel with the same idempotency key.";

/** Of a document whose fields are too many to be compared with each other, which graphql-js gives up. */
const UNCOMPARED = "The document asks for the same names too often to be checked. Ask for each once.";

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

/** Codes of errors that this service makes: their extensions are written for the caller as well. */
const OWN = new Set([
  "FORBIDDEN",
  "OPERATION_NOT_SAFELISTED",
  "QUERY_TOO_COMPLEX",
  "RATE_LIMITED",
  "SERVICE_UNAVAILABLE",
]);

export function isOurFault(error: unknown): boolean {
  const cause = unwrapResolverError(error);
  // Who is turned away under load is counted: a line of log for each would add to it.
  if (cause instanceof BusyError || cause instanceof TooManyFollowersError) return false;
  if (cause instanceof TooSlowError) return false;
  if (cause instanceof InvalidArgumentError || isArgumentError(cause)) return false;
  if (!(error instanceof GraphQLError)) return true;
  const code = String(error.extensions["code"]);
  return error.message !== TOO_MANY_ERRORS && !FOR_CALLERS.has(code) && !OWN.has(code);
}

/**
 * @param options.suggestions whether names of the schema may be guessed at ("Did you mean …?"): for those who may read it anyway.
 */
export function createErrorFormat(options: {
  readonly suggestions: boolean;
}): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  if (options.suggestions) return formatError;
  return (formatted, error) => {
    const told = formatError(formatted, error);
    return { ...told, message: told.message.replace(/ ?Did you mean .*$/su, "") };
  };
}

/**
 * The error as a caller may see it. graphql-js quotes the value it could not read, and for a missing field the whole object
 * around it: an account number would come back, and be logged by whoever logs answers. So no value is quoted, wherever it stands.
 */
function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { locations, path, extensions } = formatted;
  const where = { ...(locations && { locations }), ...(path && { path }) };
  const cause = unwrapResolverError(error);
  if (cause instanceof InvalidArgumentError) {
    return { ...where, message: cause.message, extensions: { code: "BAD_USER_INPUT", field: cause.field } };
  }
  if (cause instanceof TooSlowError) {
    return { ...where, message: TOO_SLOW, extensions: { code: "QUERY_TOO_COMPLEX" } };
  }
  if (cause instanceof BusyError) {
    return { ...where, message: BUSY, extensions: { code: "SERVICE_UNAVAILABLE" } };
  }
  if (cause instanceof TooManyFollowersError) return { ...where, ...followersError(cause) };
  if (cause instanceof NothingSentError || cause instanceof KeyNotReadError) {
    return { ...where, message: NOTHING_SENT, extensions: { code: "SERVICE_UNAVAILABLE" } };
  }
  if (isOurFault(error)) return { ...where, message: OURS, extensions: { code: "INTERNAL_SERVER_ERROR" } };
  const given = extensions?.["code"];
  if (OWN.has(String(given)))
    return { ...where, message: formatted.message, ...(extensions && { extensions }) };
  const code = FOR_CALLERS.has(String(given)) ? String(given) : "BAD_USER_INPUT";
  const { message, field } = withoutValues(code, formatted.message, error as GraphQLError);
  return { ...where, message, extensions: { code, ...(field !== undefined && { field }) } };
}

/** Others end within seconds, when their pages are closed or their tokens run out. */
const FOLLOW_AGAIN_AFTER_SECONDS = 5;

function followersError({
  who,
  most,
}: TooManyFollowersError): Omit<GraphQLFormattedError, "locations" | "path"> {
  const [code, whose] =
    who === "caller"
      ? ["RATE_LIMITED", "You follow changes in as many streams"]
      : ["SERVICE_UNAVAILABLE", "Others follow changes here in as many streams"];
  return {
    message: `${whose} as there may be, ${most}. Come again in ${FOLLOW_AGAIN_AFTER_SECONDS} s.`,
    extensions: { code, retryAfterSeconds: FOLLOW_AGAIN_AFTER_SECONDS },
  };
}

function withoutValues(
  code: string,
  message: string,
  error: GraphQLError,
): { message: string; field?: string } {
  if (code === "GRAPHQL_PARSE_FAILED") return { message: syntaxMessage(message) };
  if (message === "Validation aborted.") return { message: UNCOMPARED };
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
  if (message.startsWith("Syntax Error: Document contains more"))
    return `Syntax Error: The document has more than ${MAX_TOKENS} tokens; values belong in \`variables\``;
  return message
    .replace(/\b(Name|Int|Float|String|BlockString|Comment) ".*$/su, "$1")
    .replace(/(Invalid (?:Unicode|character) escape sequence).*$/su, "$1")
    .replace(/variable "\$\w+"/u, "variable");
}
