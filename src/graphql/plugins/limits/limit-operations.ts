import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError, type DocumentNode, type OperationDefinitionNode } from "graphql";
import type { GraphQLContext } from "../../context.js";
import { documentFaults } from "./document-faults.js";
import { MAX_COST } from "./limits.js";
import { onceForEach } from "./once-for-each.js";
import { operationCost } from "./operation-cost.js";
import { costOf, type CostedRequest } from "./query-cost.js";

/** Refuses an operation beyond the limits before anything of it is executed. Tokens are counted as the document is parsed. */
export function limitOperations(): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ schema, document, operation, request: { variables }, contextValue }) {
          if (operation === undefined) return Promise.resolve();
          // What is too large in itself is not costed.
          const faults = faultsOf(operation, document);
          if (faults.length > 0) throw tooComplex(faults);
          contextValue.cost = operationCost(operation, { schema, document, variables });
          const dear = faultsOfCost(contextValue.cost);
          if (dear.length > 0) throw tooComplex(dear);
          return Promise.resolve();
        },
      }),
  };
}

const faultsOf = onceForEach((operation: OperationDefinitionNode, document: DocumentNode) =>
  documentFaults(document, operation),
);

function tooComplex(faults: readonly string[]): GraphQLError {
  return new GraphQLError(faults.join(" "), {
    extensions: { code: "QUERY_TOO_COMPLEX", http: { status: 400 } },
  });
}

export function costFaults(request: CostedRequest): string[] {
  return faultsOfCost(costOf(request));
}

function faultsOfCost(cost: number): string[] {
  if (cost <= MAX_COST) return [];
  return [
    `This costs ${cost} points; at most ${MAX_COST} are allowed. Ask for smaller pages, or for fewer lists in them.`,
  ];
}
