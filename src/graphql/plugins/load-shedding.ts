import { HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, OperationTypeNode } from "graphql";
import { BusyError } from "../../cancellation/model/errors.js";
import type { GraphQLContext } from "../context.js";

export interface LoadSheddingParts {
  /** Whether those who come now would wait too long for a connection to the database. */
  readonly isSaturated: (what: "reads" | "cancels") => boolean;
  /** Told of each request that is refused, or has waited in vain. */
  readonly onShed: (what: "mutation" | "query") => void;
}

/** The connections are free again as soon as what holds them is done, which is soon or takes many such seconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Refuses at once what would only make the queue for the database longer. Reading and cancelling have connections of their own,
 * so however many read, cancels are served.
 */
export function shedLoad({ isSaturated, onShed }: LoadSheddingParts): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ operation }) {
          const isMutation = operation?.operation === OperationTypeNode.MUTATION;
          if (!isSaturated(isMutation ? "cancels" : "reads")) return Promise.resolve();
          onShed(isMutation ? "mutation" : "query");
          // Thrown, not rejected: then Apollo asks no other plugin, and the caller's rate limit is not charged.
          throw new GraphQLError(
            `More is asked than can be served at this moment.${isMutation ? " This call sent nothing; repeat it with the same idempotency key." : ""} Come again in ${RETRY_AFTER_SECONDS} s.`,
            {
              extensions: {
                code: "SERVICE_UNAVAILABLE",
                retryAfterSeconds: RETRY_AFTER_SECONDS,
                http: { status: 503, headers: new HeaderMap([["retry-after", String(RETRY_AFTER_SECONDS)]]) },
              },
            },
          );
        },
        didEncounterErrors({ errors, operation }) {
          if (errors.some((error) => unwrapResolverError(error) instanceof BusyError))
            onShed(operation?.operation === OperationTypeNode.MUTATION ? "mutation" : "query");
          return Promise.resolve();
        },
      }),
  };
}
