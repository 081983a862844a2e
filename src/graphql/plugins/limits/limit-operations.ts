import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError, type DocumentNode, type OperationDefinitionNode } from "graphql";
import type { GraphQLContext } from "../../context.js";
import { documentFaults } from "./document-limits.js";
import { MAX_COST } from "./limits.js";
import { costOf, type CostedRequest } from "./query-cost.js";

/** Refuses an operation beyond the limits before anything of it is executed. The parser counts tokens. */
export function limitOperations(): ApolloServerPlugin<GraphQLContext> {
  const known = new WeakMap<OperationDefinitionNode, string[]>();
  function faultsOf(document: DocumentNode, operation: OperationDefinitionNode): string[] {
    const faults = known.get(operation) ?? documentFaults(document, operation);
    known.set(operation, faults);
    return faults;
  }
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ schema, document, operation, request: { variables }, contextValue }) {
          if (operation === undefined) return Promise.resolve();
          const faults = faultsOf(document, operation);
          if (faults.length > 0) throw tooComplex(faults);
          contextValue.cost = costOf({ schema, document, variables, operationName: operation.name?.value });
          const costly = faultsOfCost(contextValue.cost);
          if (costly.length > 0) throw tooComplex(costly);
          return Promise.resolve();
        },
      }),
  };
}

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
