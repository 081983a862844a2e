import { HeaderMap } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import type { FastifyBaseLogger } from "fastify";
import { GraphQLError, Kind, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import {
  BusyError,
  InvalidArgumentError,
  KeyNotReadError,
  NothingSentError,
  TooManyFollowersError,
  TooSlowError,
} from "../../cancellation/model/errors.js";
import { MAX_TOKENS } from "./limits.js";
import { describeValueError, valueNodeOf } from "./value-errors.js";

/**
 * Refuses a whole request.
 * @param retryAfterSeconds when it is worth coming again; null where waiting does not help.
 */
export function refusal(
  code: string,
  status: number,
  message: string,
  retryAfterSeconds: number | null = null,
): GraphQLError {
  const headers = new HeaderMap();
  if (retryAfterSeconds !== null) headers.set("retry-after", String(retryAfterSeconds));
  return new GraphQLError(message, {
    extensions: {
      code,
      ...(retryAfterSeconds !== null && { retryAfterSeconds }),
      http: { status, headers },
    },
  });
}

const OUR_FAULT =
  "Something went wrong on our side. Whether a cancel went through is told by `cancellationByKey`, or by repeating it with the same idempotency key. Quote the x-request-id header of this answer.";

const NOTHING_SENT =
  "This call sent nothing to EBP, because the request could not be stored. Whether an earlier call with this idempotency key sent something cannot be told now. Repeat it with the same key. Quote the x-request-id header of this answer if it goes on.";

const TOO_SLOW =
  "This takes too long to find: few or none meet all of these conditions together. Narrow the filter, such as with `createdFrom`.";

const BUSY =
  "More is asked than can be served at this moment, and this waited in vain for its turn. Repeat it in a moment; a cancel with the same idempotency key.";

const SYNTAX = `Syntax Error: The document cannot be parsed from here on, or has more than ${MAX_TOKENS} tokens; values belong in \`variables\``;

/** Followers of others end within seconds, when their pages are closed or their tokens expire. */
const FOLLOW_AGAIN_AFTER_SECONDS = 5;

/** Codes of Apollo Server's errors for callers. */
const APOLLO_CODES = new Set([
  "BAD_REQUEST",
  "BAD_USER_INPUT",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  "UNAUTHENTICATED",
]);

/** Codes of this service's errors: their extensions are written for callers as well. */
const OWN_CODES = new Set([
  "FORBIDDEN",
  "OPERATION_NOT_SAFELISTED",
  "QUERY_TOO_COMPLEX",
  "RATE_LIMITED",
  "SERVICE_UNAVAILABLE",
]);

/** Whether an error is a fault of this service, to be logged. Requests that are turned away under load are counted instead. */
function isOurFault(error: unknown): boolean {
  if (describeKnown(unwrapResolverError(error)) !== null) return isStorageFault(unwrapResolverError(error));
  if (!(error instanceof GraphQLError)) return true;
  const code = String(error.extensions["code"]);
  return !APOLLO_CODES.has(code) && !OWN_CODES.has(code) && valueNodeOf(error) === null;
}

type Description = Pick<GraphQLFormattedError, "message" | "extensions">;

/** Errors of the domain that callers are told about; null for any other. */
function describeKnown(cause: unknown): Description | null {
  if (cause instanceof InvalidArgumentError)
    return { message: cause.message, extensions: { code: "BAD_USER_INPUT", field: cause.field } };
  if (cause instanceof TooSlowError) return { message: TOO_SLOW, extensions: { code: "QUERY_TOO_COMPLEX" } };
  if (cause instanceof BusyError) return { message: BUSY, extensions: { code: "SERVICE_UNAVAILABLE" } };
  if (cause instanceof TooManyFollowersError) return describeFollowers(cause);
  if (isStorageFault(cause)) return { message: NOTHING_SENT, extensions: { code: "SERVICE_UNAVAILABLE" } };
  return null;
}

function isStorageFault(cause: unknown): boolean {
  return cause instanceof NothingSentError || cause instanceof KeyNotReadError;
}

function describeFollowers({ who, most }: TooManyFollowersError): Description {
  const [code, whose] =
    who === "caller"
      ? ["RATE_LIMITED", "You follow changes in as many streams"]
      : ["SERVICE_UNAVAILABLE", "Others follow changes here in as many streams"];
  return {
    message: `${whose} as there may be, ${most}. Come again in ${FOLLOW_AGAIN_AFTER_SECONDS} s.`,
    extensions: { code, retryAfterSeconds: FOLLOW_AGAIN_AFTER_SECONDS },
  };
}

/**
 * Makes the errors that callers see. They quote no value of the caller and nothing that a library said about a fault of ours.
 * @param options.namesSchema whether messages may list names of the schema.
 */
export function createErrorFormat(
  schema: GraphQLSchema,
  { namesSchema }: { readonly namesSchema: boolean },
): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  function describe({ message, extensions }: GraphQLFormattedError, error: unknown): Description {
    const known = describeKnown(unwrapResolverError(error));
    if (known !== null) return known;
    if (isOurFault(error)) return { message: OUR_FAULT, extensions: { code: "INTERNAL_SERVER_ERROR" } };
    const code = String(extensions?.["code"]);
    if (OWN_CODES.has(code)) return { message, ...(extensions && { extensions }) };
    if (code === "GRAPHQL_PARSE_FAILED") return { message: SYNTAX, extensions: { code } };
    if (code === "OPERATION_RESOLUTION_FAILURE")
      return {
        message: "There is no operation of this `operationName`, or several and no `operationName`.",
        extensions: { code },
      };
    const node = error instanceof GraphQLError ? valueNodeOf(error) : null;
    const isExecuted = code !== "GRAPHQL_VALIDATION_FAILED";
    // Validation reports a variable only when its operation does not define it.
    if (node !== null && (isExecuted || node.kind !== Kind.VARIABLE)) {
      const described = describeValueError(schema, node, { message, isExecuted, namesSchema });
      return {
        message: described.message,
        extensions: { code: isExecuted ? "BAD_USER_INPUT" : code, field: described.field },
      };
    }
    return { message, extensions: { code } };
  }

  return (formatted, error) => {
    const { locations, path } = formatted;
    return { ...describe(formatted, error), ...(locations && { locations }), ...(path && { path }) };
  };
}

/** Faults that are not the caller's. Operators find the request in the log by its id. */
const FAULT_CODES: ReadonlySet<unknown> = new Set(["INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"]);

/** graphql-js reports each missing field of an object in the document, and one error here names them all. */
export function unique(errors: readonly GraphQLFormattedError[]): GraphQLFormattedError[] {
  return [...new Map(errors.map((error) => [JSON.stringify(error), error])).values()];
}

/** Adds the id of the `x-request-id` header, for clients that keep errors and not headers. */
export function withRequestId(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  if (!FAULT_CODES.has(error.extensions?.["code"])) return error;
  return { ...error, extensions: { ...error.extensions, requestId } };
}

export function logFaults(
  log: Pick<FastifyBaseLogger, "error">,
  errors: readonly GraphQLError[],
  requestId: string,
): void {
  // A read for a whole page fails once for each of its fields: that is one fault.
  const logged = new Set<unknown>();
  for (const error of errors.filter(isOurFault)) {
    const err = unwrapResolverError(error);
    if (logged.has(err)) continue;
    logged.add(err);
    // Without a message the logger would take the error's own, which may quote what the caller sent.
    log.error({ err, requestId, field: fieldOf(error) }, "answering a field failed");
  }
}

/** The field's name, not the caller's alias, which may be any text. */
function fieldOf({ nodes }: GraphQLError): string | undefined {
  const [node] = nodes ?? [];
  return node?.kind === Kind.FIELD ? node.name.value : undefined;
}
