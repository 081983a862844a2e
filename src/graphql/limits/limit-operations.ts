import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError } from "graphql";
import { documentFaults } from "./document-faults.js";
import { MAX_COST } from "./limits.js";
import { costOf, type CostedRequest } from "./query-cost.js";

/** Refuses an operation beyond the limits before anything of it is executed. Tokens are counted as the document is parsed. */
export function limitOperations(): ApolloServerPlugin {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ schema, document, operation, operationName, request: { variables } }) {
          if (operation === undefined) return Promise.resolve();
          // What is too large in itself is not costed.
          const faults = documentFaults(document, operation);
          const all = faults.length > 0 ? faults : costFaults({ schema, document, operationName, variables });
          if (all.length === 0) return Promise.resolve();
          throw new GraphQLError(all.join(" "), {
            extensions: { code: "QUERY_TOO_COMPLEX", http: { status: 400 } },
          });
        },
      }),
  };
}

export function costFaults(request: CostedRequest): string[] {
  const cost = costOf(request);
  if (cost <= MAX_COST) return [];
  return [
    `This costs ${cost} points; at most ${MAX_COST} are allowed. Ask for smaller pages, or for fewer lists in them.`,
  ];
}
