import type { ApolloServerPlugin } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import type { FastifyBaseLogger } from "fastify";
import { Kind, type GraphQLError } from "graphql";
import type { GraphQLContext } from "./context.js";
import { isOurFault } from "./error-format.js";

export function reportFaults(log: FastifyBaseLogger): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didEncounterErrors({ errors, contextValue }) {
          logFaults(log, errors, contextValue.requestId);
          return Promise.resolve();
        },
      }),
  };
}

export function logFaults(log: FastifyBaseLogger, errors: readonly GraphQLError[], requestId: string): void {
  for (const error of errors.filter(isOurFault)) {
    // With words of its own: without, the logger would take the error's, which may quote what was asked.
    log.error(
      { err: unwrapResolverError(error), requestId, field: fieldOf(error) },
      "answering a field failed",
    );
  }
}

/** By its name, not by the caller's alias: anything may stand there. */
function fieldOf({ nodes }: GraphQLError): string | undefined {
  const [node] = nodes ?? [];
  return node?.kind === Kind.FIELD ? node.name.value : undefined;
}
