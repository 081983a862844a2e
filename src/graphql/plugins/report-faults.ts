import type { ApolloServerPlugin } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import type { FastifyBaseLogger } from "fastify";
import { Kind, type GraphQLError } from "graphql";
import type { GraphQLContext } from "../context.js";
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

export function logFaults(
  log: Pick<FastifyBaseLogger, "error">,
  errors: readonly GraphQLError[],
  requestId: string,
): void {
  // What is read for a page at once fails at once, for each of its cancellations: that is one fault.
  const logged = new Set<unknown>();
  for (const error of errors.filter(isOurFault)) {
    const err = unwrapResolverError(error);
    if (logged.has(err)) continue;
    logged.add(err);
    // With words of its own: without, the logger would take the error's, which may quote what was asked.
    log.error({ err, requestId, field: fieldOf(error) }, "answering a field failed");
  }
}

/** By its name, not by the caller's alias: anything may stand there. */
function fieldOf({ nodes }: GraphQLError): string | undefined {
  const [node] = nodes ?? [];
  return node?.kind === Kind.FIELD ? node.name.value : undefined;
}
