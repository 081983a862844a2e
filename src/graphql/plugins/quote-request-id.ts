import type { ApolloServerPlugin } from "@apollo/server";
import type { GraphQLFormattedError } from "graphql";
import type { GraphQLContext } from "../context.js";

/** Faults that are not the caller's: whoever runs the service finds the request in its log by the id. */
const OURS: ReadonlySet<unknown> = new Set(["INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"]);

/** The same id as in the `x-request-id` header, for clients that keep errors and not headers. */
export function quoteRequestId(): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse({ response: { body }, contextValue: { requestId } }) {
          if (body.kind === "single" && body.singleResult.errors !== undefined) {
            body.singleResult.errors = body.singleResult.errors.map((error) =>
              withRequestId(error, requestId),
            );
          }
          return Promise.resolve();
        },
      }),
  };
}

export function withRequestId(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  if (!OURS.has(error.extensions?.["code"])) return error;
  return { ...error, extensions: { ...error.extensions, requestId } };
}
