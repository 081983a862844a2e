import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { unwrapResolverError } from "@apollo/server/errors";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError, OperationTypeNode, type GraphQLSchema } from "graphql";
import type { Caller } from "../cancellation/caller.js";
import type { CancellationHistory } from "../cancellation/history.js";
import { checkAddress } from "./check-address.js";
import { createLoaders, type GraphQLContext } from "./context.js";
import { formatError, isOurFault } from "./error-format.js";
import { chooseLanguage } from "./language.js";

export interface GraphQLServerParts {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
  /** Who calls, from the Authorization header; null when the caller cannot be told. */
  readonly authenticate: (authorization: string | undefined) => Promise<Caller | null>;
  readonly introspection: boolean;
}

/** Adds `/graphql` to an HTTP server. What it starts ends with that server. */
export async function addGraphQL(app: FastifyInstance, parts: GraphQLServerParts): Promise<void> {
  const apollo = new ApolloServer<GraphQLContext>({
    schema: parts.schema,
    introspection: parts.introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    // Their texts would be kept in memory for whoever sends them.
    persistedQueries: false,
    stopOnTerminationSignals: false,
    formatError,
    logger: app.log,
    plugins: [ApolloServerPluginLandingPageDisabled(), refuseSubscriptions(), reportFaults(app.log)],
  });
  await apollo.start();
  const handler = fastifyApolloHandler(apollo, {
    context: async (request): Promise<GraphQLContext> => {
      return {
        caller: await callerOf(request, parts.authenticate),
        language: chooseLanguage(request.headers["accept-language"]),
        requestId: request.id,
        loaders: createLoaders(parts.history),
      };
    },
  });
  // A caller who hangs up is gone for the HTTP server, but the cancel goes on: a stop waits until its outcome is stored.
  const underWay = new Set<unknown>();
  function handlerToTheEnd(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const answering = Promise.resolve(handler.call(app, request, reply));
    underWay.add(answering);
    return answering.finally(() => underWay.delete(answering));
  }
  app.route({
    method: ["GET", "POST", "OPTIONS"],
    url: "/graphql",
    preHandler: checkAddress,
    handler: handlerToTheEnd,
  });
  // When the requests in flight have been answered. Apollo's drain plugin would wait for the server to close, which waits for this.
  app.addHook("onClose", async () => {
    await Promise.allSettled(underWay);
    await apollo.stop();
  });
}

async function callerOf(
  request: FastifyRequest,
  authenticate: GraphQLServerParts["authenticate"],
): Promise<Caller> {
  const caller = await authenticate(request.headers.authorization).catch((error: unknown) => {
    // Here, where the request's id is known: Apollo's hook for it is not told of the request.
    request.log.error({ err: error }, "reading who is calling failed");
    throw error;
  });
  if (caller !== null) return caller;
  throw new GraphQLError("Send a valid token: `Authorization: Bearer …`.", {
    extensions: { code: "UNAUTHENTICATED", http: { status: 401 } },
  });
}

/** The schema has none; graphql-js would say so as if it were our fault. */
function refuseSubscriptions(): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ operation }) {
          if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return Promise.resolve();
          throw new GraphQLError("There are no subscriptions here: ask with a query.", {
            extensions: { code: "BAD_REQUEST", http: { status: 400 } },
          });
        },
      }),
  };
}

function reportFaults(log: FastifyInstance["log"]): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didEncounterErrors({ errors, contextValue }) {
          for (const error of errors.filter(isOurFault)) {
            log.error({
              err: unwrapResolverError(error),
              requestId: contextValue.requestId,
              path: error.path,
            });
          }
          return Promise.resolve();
        },
      }),
  };
}
