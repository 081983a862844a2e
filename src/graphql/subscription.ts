import { setTimeout as delay } from "node:timers/promises";
import type { ApolloServerPlugin } from "@apollo/server";
import {
  createSourceEventStream,
  execute,
  GraphQLError,
  OperationTypeNode,
  type ExecutionResult,
  type GraphQLSchema,
} from "graphql";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { PointsTaken } from "../cancellation/model/caller.js";
import { createContext, type AcceptedSubscription, type GraphQLContext } from "./context.js";

export const STREAM_PATH = "/graphql/stream";

const WRONG_PATH = {
  subscription: `Subscriptions are served at POST ${STREAM_PATH}, as server-sent events.`,
  other: "Only subscriptions are served here. Queries and mutations are at /graphql. This call did nothing.",
} as const;

/**
 * Accepts subscriptions at their own path, and nothing else there. Apollo Server cannot execute a subscription, so an accepted one is
 * handed to the stream route through its context. Comes before the plugins that charge for an operation.
 */
export function acceptSubscriptions(): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () => {
      let isSubscription = false;
      return Promise.resolve({
        didResolveOperation({ operation, contextValue: { live } }) {
          isSubscription = operation?.operation === OperationTypeNode.SUBSCRIPTION;
          // Without an operation Apollo itself refuses the request.
          if (operation === undefined || isSubscription === (live !== null)) return Promise.resolve();
          // Thrown, not rejected: a rejection would let the plugins after this one run.
          throw new GraphQLError(isSubscription ? WRONG_PATH.subscription : WRONG_PATH.other, {
            extensions: { code: "BAD_REQUEST", http: { status: 400 } },
          });
        },
        responseForOperation({ document, operationName, request, contextValue, response }) {
          const { live } = contextValue;
          if (live === null || !isSubscription) return Promise.resolve(null);
          const variables = request.variables ?? {};
          live.accepted = { document, operationName, variables, context: contextValue };
          return Promise.resolve({ http: response.http, body: { kind: "single", singleResult: {} } });
        },
      });
    },
  };
}

export interface SubscriptionDependencies {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
}

export type StartedSubscription =
  { readonly results: AsyncGenerator<ExecutionResult> } | { readonly errors: readonly GraphQLError[] };

/**
 * The results of a subscription, one for each event; or the errors for which it does not start.
 * @param mayContinue awaited before each event is read; false ends the results.
 */
export async function startSubscription(
  { schema, history }: SubscriptionDependencies,
  { document, operationName, variables, context }: AcceptedSubscription,
  mayContinue: () => Promise<boolean>,
): Promise<StartedSubscription> {
  const operation = { schema, document, operationName, variableValues: variables };
  const source = await createSourceEventStream({ ...operation, contextValue: context });
  return Symbol.asyncIterator in source ? { results: resultsOf(source) } : { errors: source.errors ?? [] };

  async function* resultsOf(events: AsyncIterable<unknown>): AsyncGenerator<ExecutionResult> {
    for await (const rootValue of events) {
      if (!(await mayContinue())) return;
      // A new context for each event: the loaders of the last one hold what they read then.
      yield await execute({ ...operation, rootValue, contextValue: createContext(context, history) });
    }
  }
}

/**
 * Charges one event like a query. When the caller's minute is used up, it waits for the next one; the event then shows the state of
 * that time.
 * @returns false when the stream ended meanwhile.
 */
export async function waitForPoints(
  take: (points: number) => Promise<PointsTaken>,
  points: number,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    const taken = await take(points);
    if (taken.allowed) return true;
    await delay(taken.retryAfterSeconds * 1_000, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return false;
}
