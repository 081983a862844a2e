import type { ApolloServerPlugin } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import type { FastifyBaseLogger } from "fastify";
import { Kind, type GraphQLError, type GraphQLFormattedError } from "graphql";
import type { GraphQLContext } from "../context.js";
import { isOurFault } from "./error-format.js";

/** Faults that are not the caller's. Operators find the request in the log by its id. */
const FAULT_CODES: ReadonlySet<unknown> = new Set(["INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"]);

/** Logs faults of this service, and puts the request's id into the errors that callers see of them. */
export function reportFaults(log: FastifyBaseLogger): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didEncounterErrors({ errors, contextValue }) {
          logFaults(log, errors, contextValue.requestId);
          return Promise.resolve();
        },
        willSendResponse({ response: { body }, contextValue: { requestId } }) {
          if (body.kind === "single" && body.singleResult.errors !== undefined) {
            body.singleResult.errors = unique(body.singleResult.errors).map((error) =>
              withRequestId(error, requestId),
            );
          }
          return Promise.resolve();
        },
      }),
  };
}

/** graphql-js reports each missing field of an object in the document, and one error here names them all. */
function unique(errors: readonly GraphQLFormattedError[]): GraphQLFormattedError[] {
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
