import type { ApolloServerPlugin } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import { OperationTypeNode } from "graphql";
import { BusyError } from "../../cancellation/model/errors.js";
import type { GraphQLContext } from "../context.js";
import { refusal } from "../refusal.js";

export interface LoadSheddingDependencies {
  /** Whether a request that comes now would wait too long for a database connection. */
  readonly isSaturated: (what: "reads" | "cancels") => boolean;
  /** Called for each request that is refused, or that waited in vain. */
  readonly onShed: (what: "mutation" | "query") => void;
}

/** Most statements end within a second. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Refuses at once what would only make the queue for the database longer. Queries and cancels have separate connections, so cancels
 * are served however many queries come.
 */
export function shedLoad({
  isSaturated,
  onShed,
}: LoadSheddingDependencies): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ operation }) {
          const isMutation = operation?.operation === OperationTypeNode.MUTATION;
          if (!isSaturated(isMutation ? "cancels" : "reads")) return Promise.resolve();
          onShed(isMutation ? "mutation" : "query");
          throw refusal(
            "SERVICE_UNAVAILABLE",
            503,
            `More is asked than can be served at this moment.${isMutation ? " This call sent nothing; repeat it with the same idempotency key." : ""} Come again in ${RETRY_AFTER_SECONDS} s.`,
            RETRY_AFTER_SECONDS,
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
