import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from "fastify";
import { OperationTypeNode, type GraphQLSchema } from "graphql";
import Negotiator from "negotiator";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { Admission, PersistedOperation } from "../cancellation/model/caller.js";
import { LANGUAGES, type Language } from "../cancellation/model/payment-gateway.js";
import { createContext, type GraphQLContext, type LiveContext } from "./context.js";
import { checkAccept, checkAddress } from "./plugins/check-request.js";
import { createErrorFormat, logFaults, reportFaults, withRequestId } from "./plugins/errors.js";
import { limitOperations } from "./plugins/limit-operations.js";
import { MAX_TOKENS, MAX_VALIDATION_ERRORS } from "./plugins/limits.js";
import { shedLoad, type LoadSheddingDependencies } from "./plugins/load-shedding.js";
import { limitRates, type RateLimitDependencies } from "./plugins/rate-limits.js";
import { assertListed, createSafelist, resolveIds } from "./plugins/safelist.js";
import { acceptSubscriptions, addStream, type LiveDependencies } from "./stream.js";

export interface GraphQLServerDependencies {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
  /** The same history for the answers to mutations: its connections are not shared with queries. */
  readonly ledgerHistory: CancellationHistory;
  readonly admission: Admission<FastifyRequest, RouteShorthandOptions>;
  /** Whether callers may read the schema, and error messages may name its parts. */
  readonly introspection: boolean;
  /** The only operations that are answered; null when any operation is. */
  readonly persistedOperations: readonly PersistedOperation[] | null;
  readonly rateLimits: RateLimitDependencies;
  readonly load: LoadSheddingDependencies;
  readonly live: LiveDependencies;
}

/**
 * Adds `/graphql` and `/graphql/stream` to an HTTP server. What it starts ends with that server.
 * @throws Error for persisted operations that could never be answered.
 */
export async function addGraphQL(
  app: FastifyInstance,
  dependencies: GraphQLServerDependencies,
): Promise<void> {
  const { schema, introspection, admission, persistedOperations } = dependencies;
  const safelist = persistedOperations && createSafelist(schema, persistedOperations);
  const formatError = createErrorFormat(schema, { namesSchema: introspection });
  const apollo = new ApolloServer<GraphQLContext>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    validationOptions: { maxErrors: MAX_VALIDATION_ERRORS },
    // Any caller could fill this cache with its own texts.
    persistedQueries: false,
    stopOnTerminationSignals: false,
    formatError,
    logger: app.log,
    // Apollo Server asks them in this order. Each one before the rate limit refuses by throwing at once, not by rejecting a promise:
    // then the ones behind it are not asked, and a refused request costs its caller nothing.
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // It walks through every answer to compute a header that every answer here has already: no caching.
      ApolloServerPluginCacheControlDisabled(),
      ...(safelist === null ? [] : [resolveIds(safelist)]),
      limitOperations({ namesSchema: introspection }),
      acceptSubscriptions(),
      shedLoad(dependencies.load),
      limitRates(dependencies.rateLimits),
      readForMutations(dependencies.ledgerHistory),
      reportFaults(app.log),
    ],
  });
  await apollo.start();
  function contextOf(request: FastifyRequest, live: LiveContext | null = null): GraphQLContext {
    const caller = admission.callerOf(request);
    if (safelist !== null) assertListed(request, safelist);
    const language = chooseLanguage(request.headers["accept-language"]);
    return createContext({ caller, language, requestId: request.id, live }, dependencies.history);
  }
  const handler = fastifyApolloHandler(apollo, { context: (request) => Promise.resolve(contextOf(request)) });
  // When a caller hangs up, its cancel goes on. A stop waits until the outcome is stored.
  const underWay = new Set<unknown>();
  function handlerToTheEnd(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const answering = Promise.resolve(handler.call(app, request, reply));
    underWay.add(answering);
    return answering.finally(() => underWay.delete(answering));
  }
  app.route({
    method: ["GET", "POST", "OPTIONS"],
    url: "/graphql",
    ...admission.hooks,
    preHandler: [checkAddress, checkAccept],
    handler: handlerToTheEnd,
  });
  addStream(app, {
    ...dependencies,
    apollo,
    contextOf,
    formatErrors: (errors, requestId) => {
      logFaults(app.log, errors, requestId);
      return errors.map((error) => withRequestId(formatError(error.toJSON(), error), requestId));
    },
  });
  // Not Apollo's drain plugin: it waits for the server to close, which waits for this.
  app.addHook("onClose", async () => {
    await Promise.allSettled(underWay);
    await apollo.stop();
  });
}

/** The caller's preferred one of the languages EBP speaks; English when it prefers none of them. */
function chooseLanguage(acceptLanguage: string | undefined): Language {
  const negotiator = new Negotiator({ headers: { "accept-language": acceptLanguage } });
  const preferred = negotiator.language([...LANGUAGES]);
  return LANGUAGES.find((language) => language === preferred) ?? "en";
}

/** The context is made before the document is read, so only here is it known that the operation is a mutation. */
function readForMutations(ledgerHistory: CancellationHistory): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ operation, contextValue }) {
          if (operation?.operation === OperationTypeNode.MUTATION) contextValue.readFrom(ledgerHistory);
          return Promise.resolve();
        },
      }),
  };
}
