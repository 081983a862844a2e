import type { ApolloServerPlugin, GraphQLRequestContext, GraphQLRequestListener } from "@apollo/server";
import type { GraphQLContext } from "../context.js";

type Listener = GraphQLRequestListener<GraphQLContext>;

/**
 * Several plugins as one. Each hook has them one after the other, and none after one that throws or rejects: what is refused is not
 * charged by who comes behind. Apollo Server would ask all of them for every hook, those without it too.
 */
export function inOrder(
  plugins: readonly ApolloServerPlugin<GraphQLContext>[],
): ApolloServerPlugin<GraphQLContext> {
  return {
    async requestDidStart(request: GraphQLRequestContext<GraphQLContext>): Promise<Listener> {
      const listeners: Listener[] = [];
      for (const plugin of plugins) {
        const listener = await plugin.requestDidStart?.(request);
        if (listener) listeners.push(listener);
      }
      return {
        async didResolveOperation(context) {
          for (const listener of listeners) await listener.didResolveOperation?.(context);
        },
        async responseForOperation(context) {
          for (const listener of listeners) {
            const response = await listener.responseForOperation?.(context);
            if (response) return response;
          }
          return null;
        },
        async executionDidStart(context) {
          for (const listener of listeners) await listener.executionDidStart?.(context);
        },
        async didEncounterErrors(context) {
          for (const listener of listeners) await listener.didEncounterErrors?.(context);
        },
        async willSendResponse(context) {
          for (const listener of listeners) await listener.willSendResponse?.(context);
        },
      };
    },
  };
}
