import { ApolloServer, HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { unwrapResolverError } from "@apollo/server/errors";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError, OperationTypeNode, type GraphQLSchema } from "graphql";
import type { Caller } from "../cancellation/caller.js";
import type { CancellationHistory } from "../cancellation/history.js";
import { checkAccept } from "./check-accept.js";
import { checkAddress } from "./check-address.js";
import { checkSafelist, type ListedOperation } from "./check-safelist.js";
import { createLoaders, type GraphQLContext } from "./context.js";
import { createErrorFormat, isOurFault } from "./error-format.js";
import { chooseLanguage } from "./language.js";
import { shedLoad, type LoadSheddingParts } from "./load-shedding.js";
import { limitOperations } from "./limits/limit-operations.js";
import { MAX_TOKENS, MAX_VALIDATION_ERRORS } from "./limits/limits.js";
import { quoteRequestId } from "./quote-request-id.js";
import { limitRates, type RateLimitParts } from "./rate-limits.js";
import { assertListed, resolveIds } from "./safelist.js";

export interface GraphQLServerParts {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
  /** The same history, for what the answer to a mutation shows: it does not wait behind those who only read. */
  readonly ledgerHistory: CancellationHistory;
  /** Who calls, from the Authorization header; null when nobody has proven to be. Rejects while that cannot be told. */
  readonly authenticate: (authorization: string | undefined) => Promise<Caller | null>;
  /** Whether callers may read the schema, and be helped with its names. */
  readonly introspection: boolean;
  /** The only operations that are answered; null when any is. */
  readonly persistedOperations: readonly ListedOperation[] | null;
  readonly rateLimits: RateLimitParts;
  readonly load: LoadSheddingParts;
}

/**
 * Adds `/graphql` to an HTTP server. What it starts ends with that server.
 * @throws SafelistError for operations that could not be answered.
 */
export async function addGraphQL(app: FastifyInstance, parts: GraphQLServerParts): Promise<void> {
  const listed = parts.persistedOperations;
  if (listed !== null) checkSafelist(parts.schema, listed);
  const safelist = listed && new Map(listed.map(({ id, body }) => [id, body]));
  const apollo = new ApolloServer<GraphQLContext>({
    schema: parts.schema,
    introspection: parts.introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    parseOptions: { maxLexicalTokens: MAX_TOKENS },
    validationOptions: { maxErrors: MAX_VALIDATION_ERRORS },
    // Their texts would be kept in memory for whoever sends them.
    persistedQueries: false,
    // So would documents, 120 MB of them, with whatever account number stands in one. To read one anew takes a millisecond.
    documentStore: null,
    stopOnTerminationSignals: false,
    formatError: createErrorFormat({ suggestions: parts.introspection }),
    logger: app.log,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ...(safelist === null ? [] : [resolveIds(safelist)]),
      refuseSubscriptions(),
      // Before whatever charges for an operation: what is refused costs nothing.
      limitOperations(),
      shedLoad(parts.load),
      limitRates(parts.rateLimits),
      readForMutations(parts.ledgerHistory),
      reportFaults(app.log),
      quoteRequestId(),
    ],
  });
  await apollo.start();
  const handler = fastifyApolloHandler(apollo, {
    context: async (request): Promise<GraphQLContext> => {
      const caller = await callerOf(request, parts.authenticate);
      if (safelist !== null) assertListed(request, safelist);
      return {
        caller,
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
    preHandler: [checkAddress, checkAccept],
    handler: handlerToTheEnd,
  });
  // When the requests in flight have been answered. Apollo's drain plugin would wait for the server to close, which waits for this.
  app.addHook("onClose", async () => {
    await Promise.allSettled(underWay);
    await apollo.stop();
  });
}

/** @throws GraphQLError */
async function callerOf(
  { id, raw, headers: { authorization }, log }: FastifyRequest,
  authenticate: GraphQLServerParts["authenticate"],
): Promise<Caller> {
  // Of two, Node keeps the first; what stands in front of this service may have looked at the second.
  const isSentOnce = raw.headersDistinct["authorization"]?.length === 1;
  const caller = await authenticate(isSentOnce ? authorization : undefined).catch((error: unknown) => {
    // Here, where the request's id is known: Apollo's hook for it is not told of the request. That keys are away is told once.
    if (!isKeysUnavailable(error)) log.error({ err: error }, "reading who is calling failed");
    throw new GraphQLError("Who is calling cannot be told right now. Nothing was done; try again.", {
      extensions: { code: "SERVICE_UNAVAILABLE", requestId: id, http: { status: 503 } },
    });
  });
  if (caller !== null) return caller;
  const challenge = authorization === undefined ? "Bearer" : 'Bearer error="invalid_token"';
  throw new GraphQLError("Send a valid token: `Authorization: Bearer …`.", {
    extensions: {
      code: "UNAUTHENTICATED",
      http: { status: 401, headers: new HeaderMap([["www-authenticate", challenge]]) },
    },
  });
}

/** By its name: who checks tokens is not known here. */
function isKeysUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "KeysUnavailableError";
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

/** Which operation it is, is not known before: the context is made from the request alone. */
function readForMutations(ledgerHistory: CancellationHistory): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ operation, contextValue }) {
          if (operation?.operation === OperationTypeNode.MUTATION)
            contextValue.loaders = createLoaders(ledgerHistory);
          return Promise.resolve();
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
