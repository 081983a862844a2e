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
import { type Fault, pathOf, REASONS } from "../../cancellation/model/fault.js";
import { describeFault, MESSAGES, type Messages, type Text } from "../../messages/messages.js";
import { MAX_TOKENS } from "./limits.js";
import { describeValueError, valueNodeOf } from "./value-errors.js";

/** Refuses a whole request, or a field, in the caller's language. */
export class Refusal extends GraphQLError {
  override readonly name = "Refusal";

  constructor(
    readonly text: Text,
    extensions: Readonly<Record<string, unknown>>,
  ) {
    super(text(MESSAGES.en), { extensions });
  }
}

/**
 * Refuses a whole request.
 * @param retryAfterSeconds when it is worth coming again; null where waiting does not help.
 */
export function refusal(
  code: string,
  status: number,
  text: Text,
  retryAfterSeconds: number | null = null,
): Refusal {
  const headers = new HeaderMap();
  if (retryAfterSeconds !== null) headers.set("retry-after", String(retryAfterSeconds));
  return new Refusal(text, {
    code,
    ...(retryAfterSeconds !== null && { retryAfterSeconds }),
    http: { status, headers },
  });
}

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

/** Whether an error is a fault of this service, to be logged. Requests that are turned away under load are counted instead. */
function isOurFault(error: unknown): boolean {
  const cause = unwrapResolverError(error);
  if (describeKnown(cause, MESSAGES.en) !== null) return isStorageFault(cause);
  if (cause instanceof Refusal) return false;
  if (!(error instanceof GraphQLError)) return true;
  return !APOLLO_CODES.has(String(error.extensions["code"])) && valueNodeOf(error) === null;
}

type Description = Pick<GraphQLFormattedError, "message" | "extensions">;

/** Errors of the domain that callers are told about; null for any other. */
function describeKnown(cause: unknown, messages: Messages): Description | null {
  const { refusals } = messages;
  if (cause instanceof InvalidArgumentError)
    return { message: describeFault(cause.fault, messages), extensions: faultExtensions(cause.fault) };
  if (cause instanceof TooSlowError)
    return { message: refusals.tooSlow, extensions: { code: "QUERY_TOO_COMPLEX" } };
  if (cause instanceof BusyError) return { message: refusals.busy, extensions: REPEAT };
  if (cause instanceof TooManyFollowersError) return describeFollowers(cause, messages);
  if (isStorageFault(cause)) return { message: refusals.nothingSent, extensions: REPEAT };
  return null;
}

/** Repeating a request with its key sends nothing a second time. */
const REPEAT = { code: "SERVICE_UNAVAILABLE", nextAction: "RETRY_SAME_KEY" };

/** What programs are told of an input that cannot be accepted, as user errors tell it. */
export function faultExtensions(fault: Fault): Readonly<Record<string, unknown>> {
  const { field, kind } = fault;
  return { code: "BAD_USER_INPUT", field: pathOf(field), reason: REASONS[kind] };
}

function isStorageFault(cause: unknown): boolean {
  return cause instanceof NothingSentError || cause instanceof KeyNotReadError;
}

function describeFollowers({ who, most }: TooManyFollowersError, { refusals }: Messages): Description {
  const seconds = FOLLOW_AGAIN_AFTER_SECONDS;
  const [code, message] =
    who === "caller"
      ? ["RATE_LIMITED", refusals.followersOfCaller(most, seconds)]
      : ["SERVICE_UNAVAILABLE", refusals.followersOfReplica(most, seconds)];
  return { message, extensions: { code, retryAfterSeconds: seconds } };
}

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/**
 * Makes the errors that callers see, in one language. They quote no value of the caller and nothing that a library said about a fault of
 * ours.
 * @param namesSchema whether messages may list names of the schema.
 */
export function createErrorFormat(
  schema: GraphQLSchema,
  messages: Messages,
  namesSchema: boolean,
): FormatError {
  const { refusals } = messages;

  function describe({ message, extensions }: GraphQLFormattedError, error: unknown): Description {
    const cause = unwrapResolverError(error);
    const known = describeKnown(cause, messages);
    if (known !== null) return known;
    if (isOurFault(error))
      return {
        message: refusals.ourFault,
        extensions: { code: "INTERNAL_SERVER_ERROR", nextAction: "RETRY_SAME_KEY" },
      };
    if (cause instanceof Refusal) return { message: cause.text(messages), ...(extensions && { extensions }) };
    const code = String(extensions?.["code"]);
    if (code === "GRAPHQL_PARSE_FAILED")
      return { message: refusals.notParsed(MAX_TOKENS), extensions: { code } };
    if (code === "OPERATION_RESOLUTION_FAILURE")
      return { message: refusals.noOperation, extensions: { code } };
    const node = error instanceof GraphQLError ? valueNodeOf(error) : null;
    const isExecuted = code !== "GRAPHQL_VALIDATION_FAILED";
    // Validation reports a variable only when its operation does not define it.
    if (node !== null && (isExecuted || node.kind !== Kind.VARIABLE)) {
      const described = describeValueError(schema, node, { refusals, isExecuted, namesSchema });
      return {
        message: described.message,
        extensions: isExecuted
          ? { code: "BAD_USER_INPUT", field: described.field, reason: "INVALID_FORMAT" }
          : { code, field: described.field },
      };
    }
    // Apollo Server's own refusals, such as that of a batch, are not about the document.
    return {
      message: code === "GRAPHQL_VALIDATION_FAILED" ? refusals.notValid(message) : message,
      extensions: { code },
    };
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
