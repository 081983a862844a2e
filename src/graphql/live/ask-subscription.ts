import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError, OperationTypeNode, type DocumentNode } from "graphql";
import type { GraphQLContext } from "../context.js";

export const STREAM_PATH = "/graphql/stream";

/** A subscription that has passed everything that any operation has to pass. */
export interface AskedSubscription {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: GraphQLContext;
}

const NOT_HERE = {
  subscription: `Subscriptions are served at POST ${STREAM_PATH}, as server-sent events.`,
  other: "Only subscriptions are served here. Queries and mutations are at /graphql. This call did nothing.",
} as const;

/**
 * Subscriptions have an address of their own, and it has nothing else. There they are handed over instead of executed, which Apollo
 * Server cannot. Stands before whatever charges for an operation.
 */
export function askSubscriptions(): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () => {
      let isSubscription = false;
      return Promise.resolve({
        didResolveOperation({ operation, contextValue: { live } }) {
          isSubscription = operation?.operation === OperationTypeNode.SUBSCRIPTION;
          // Which operation is meant cannot be told: Apollo says so.
          if (operation === undefined || isSubscription === (live !== null)) return Promise.resolve();
          // Thrown, not rejected: then Apollo asks no other plugin.
          throw new GraphQLError(isSubscription ? NOT_HERE.subscription : NOT_HERE.other, {
            extensions: { code: "BAD_REQUEST", http: { status: 400 } },
          });
        },
        responseForOperation({ document, operationName, request, contextValue, response }) {
          const { live } = contextValue;
          if (live === null || !isSubscription) return Promise.resolve(null);
          const variables = request.variables ?? {};
          live.asked = { document, operationName, variables, context: contextValue };
          return Promise.resolve({ http: response.http, body: { kind: "single", singleResult: {} } });
        },
      });
    },
  };
}
