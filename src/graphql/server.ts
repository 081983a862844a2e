import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from "fastify";
import { OperationTypeNode, type GraphQLSchema } from "graphql";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { Admission } from "../cancellation/model/caller.js";
import { checkAccept } from "./plugins/check-accept.js";
import { checkAddress } from "./plugins/check-address.js";
import type { PersistedOperation } from "../cancellation/model/persisted-operation.js";
import { checkSafelist } from "./plugins/check-safelist.js";
import { inOrder } from "./plugins/in-order.js";
import { createContext, type GraphQLContext, type LiveContext } from "./context.js";
import { createDocumentStore } from "./plugins/document-store.js";
import { createErrorFormat } from "./plugins/error-format.js";
import { chooseLanguage } from "./language.js";
import { shedLoad, type LoadSheddingParts } from "./plugins/load-shedding.js";
import { limitOperations } from "./plugins/limits/limit-operations.js";
import { MAX_TOKENS, MAX_VALIDATION_ERRORS } from "./plugins/limits/limits.js";
import { addStream, type LiveDependencies } from "./stream.js";
import { acceptSubscriptions } from "./subscription.js";
import { quoteRequestId, withRequestId } from "./plugins/quote-request-id.js";
import { limitRates, type RateLimitParts } from "./plugins/rate-limits.js";
import { logFaults, reportFaults } from "./plugins/report-faults.js";
import { assertListed, resolveIds } from "./plugins/safelist.js";

export interface GraphQLServerParts {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
  /** The same history, for what the answer to a mutation shows: it does not wait behind those who only read. */
  readonly ledgerHistory: CancellationHistory;
  readonly admission: Admission<FastifyRequest, RouteShorthandOptions>;
  /** Whether callers may read the schema, and be helped with its names. */
  readonly introspection: boolean;
  /** The only operations that are answered; null when any is. */
  readonly persistedOperations: readonly PersistedOperation[] | null;
  readonly rateLimits: RateLimitParts;
  readonly load: LoadSheddingParts;
  readonly live: LiveDependencies;
}

/**
 * Adds `/graphql` and `/graphql/stream` to an HTTP server. What it starts ends with that server.
 * @throws SafelistError for operations that could not be answered.
 */
export async function addGraphQL(app: FastifyInstance, parts: GraphQLServerParts): Promise<void> {
  const listed = parts.persistedOperations;
  if (listed !== null) checkSafelist(parts.schema, listed);
  const safelist = listed && new Map(listed.map(({ id, body }) => [id, body]));
  const formatError = createErrorFormat({ suggestions: parts.introspection });
  const apollo = new ApolloServer<GraphQLContext>({
    schema: parts.schema,
    introspection: parts.introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    validationOptions: { maxErrors: MAX_VALIDATION_ERRORS },
    // Their texts would be kept in memory for whoever sends them.
    persistedQueries: false,
    documentStore: createDocumentStore(),
    stopOnTerminationSignals: false,
    formatError,
    logger: app.log,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // It looks at every field of every answer, to say in the end what every answer here says already: not to be kept.
      ApolloServerPluginCacheControlDisabled(),
      inOrder([
        ...(safelist === null ? [] : [resolveIds(safelist)]),
        acceptSubscriptions(),
        // Before whatever charges for an operation: what is refused costs nothing.
        limitOperations(),
        shedLoad(parts.load),
        limitRates(parts.rateLimits),
        readForMutations(parts.ledgerHistory),
        reportFaults(app.log),
        quoteRequestId(),
      ]),
    ],
  });
  await apollo.start();
  function contextOf(request: FastifyRequest, live: LiveContext | null = null): GraphQLContext {
    const caller = parts.admission.callerOf(request);
    if (safelist !== null) assertListed(request, safelist);
    const language = chooseLanguage(request.headers["accept-language"]);
    return createContext({ caller, language, requestId: request.id, live }, parts.history);
  }
  const handler = fastifyApolloHandler(apollo, { context: (request) => Promise.resolve(contextOf(request)) });
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
    ...parts.admission.hooks,
    preHandler: [checkAddress, checkAccept],
    handler: handlerToTheEnd,
  });
  addStream(app, {
    ...parts,
    apollo,
    contextOf,
    formatErrors: (errors, requestId) => {
      logFaults(app.log, errors, requestId);
      return errors.map((error) => withRequestId(formatError(error.toJSON(), error), requestId));
    },
  });
  // When the requests in flight have been answered. Apollo's drain plugin would wait for the server to close, which waits for this.
  app.addHook("onClose", async () => {
    await Promise.allSettled(underWay);
    await apollo.stop();
  });
}

/** Which operation it is, is not known before: the context is made from the request alone. */
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
