import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { unwrapResolverError } from "@apollo/server/errors";
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance } from "fastify";
import { GraphQLError, type GraphQLSchema } from "graphql";
import type { Caller } from "../cancellation/caller.js";
import type { CancellationHistory } from "../cancellation/history.js";
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
    plugins: [fastifyApolloDrainPlugin(app), ApolloServerPluginLandingPageDisabled(), reportFaults(app.log)],
  });
  await apollo.start();
  const handler = fastifyApolloHandler(apollo, {
    context: async (request): Promise<GraphQLContext> => {
      const caller = await parts.authenticate(request.headers.authorization);
      if (caller === null) throw unauthenticated();
      return {
        caller,
        language: chooseLanguage(request.headers["accept-language"]),
        requestId: request.id,
        loaders: createLoaders(parts.history),
      };
    },
  });
  app.route({ method: ["GET", "POST", "OPTIONS"], url: "/graphql", handler });
  app.addHook("onClose", () => apollo.stop());
}

function unauthenticated(): GraphQLError {
  return new GraphQLError("Send a valid token: `Authorization: Bearer …`.", {
    extensions: { code: "UNAUTHENTICATED", http: { status: 401 } },
  });
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
    contextCreationDidFail({ error }) {
      if (isOurFault(error)) log.error({ err: error }, "reading who is calling failed");
      return Promise.resolve();
    },
  };
}
