import { ApolloServer, HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { OperationTypeNode, type GraphQLError, type OperationDefinitionNode } from "graphql";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { PersistedOperation } from "../cancellation/model/caller.js";
import { BusyError } from "../cancellation/model/errors.js";
import type { Language } from "../cancellation/model/payment-gateway.js";
import { chooseLanguage, MESSAGES } from "../messages/messages.js";
import { createContext, type GraphQLContext, type LiveContext } from "./context.js";
import {
  assertListed,
  checkAccept,
  checkAddress,
  createSafelist,
  replaceId,
  type Safelist,
} from "./plugins/check-request.js";
import {
  createErrorFormat,
  type FormatError,
  logFaults,
  refusal,
  unique,
  withRequestId,
} from "./plugins/errors.js";
import { MAX_TOKENS, MAX_VALIDATION_ERRORS, measure, type Operation } from "./plugins/limits.js";
import { askedFieldsOf, chargeOperation, chargePenalties, type Charge } from "./plugins/rate-limits.js";
import { coerceVariables } from "./plugins/value-errors.js";
import { assertNestedAccess } from "./schema.js";
import { addStream, type SharedDependencies, STREAM_PATH } from "./stream.js";

export interface GraphQLServerDependencies extends SharedDependencies {
  /** The same history for the answers to mutations: its connections are not shared with queries. */
  readonly ledgerHistory: CancellationHistory;
  /** Whether callers may read the schema, and error messages may name its parts. */
  readonly introspection: boolean;
  /** The only operations that are answered; null when any operation is. */
  readonly persistedOperations: readonly PersistedOperation[] | null;
  readonly load: LoadSheddingDependencies;
}

const JSON_TYPES = ["application/json", "application/graphql-response+json"];

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
  const createServer = async (formatError: FormatError): Promise<ApolloServer<GraphQLContext>> => {
    const server = new ApolloServer<GraphQLContext>({
      schema,
      introspection,
      hideSchemaDetailsFromClientErrors: !introspection,
      includeStacktraceInErrorResponses: false,
      // Apollo's prevention of CSRF refuses the GETs of clients that send no header of their own. It is not needed: there are no cookies, a
      // GET changes nothing, and a POST has to be JSON, which no page can send to another site without asking first.
      csrfPrevention: false,
      parseOptions: { maxLexicalTokens: MAX_TOKENS },
      validationOptions: { maxErrors: MAX_VALIDATION_ERRORS },
      // Any caller could fill this cache with its own texts.
      persistedQueries: false,
      stopOnTerminationSignals: false,
      formatError,
      logger: app.log,
      plugins: [
        ApolloServerPluginLandingPageDisabled(),
        // It walks through every answer to compute a header that every answer here has already: no caching.
        ApolloServerPluginCacheControlDisabled(),
        checkOperations(dependencies, app.log, safelist),
      ],
    });
    await server.start();
    return server;
  };
  // One for each language: Apollo Server formats errors without saying whose they are.
  const formats = {
    en: createErrorFormat(schema, MESSAGES.en, introspection),
    ko: createErrorFormat(schema, MESSAGES.ko, introspection),
  } as const satisfies Record<Language, FormatError>;
  const servers = { en: await createServer(formats.en), ko: await createServer(formats.ko) } as const;
  function contextOf(request: FastifyRequest, live: LiveContext | null = null): GraphQLContext {
    const caller = admission.callerOf(request);
    if (safelist !== null) assertListed(request, safelist);
    const language = languageOf(request);
    return createContext({ caller, language, requestId: request.id, live }, dependencies.history);
  }
  const context = (request: FastifyRequest): Promise<GraphQLContext> => Promise.resolve(contextOf(request));
  const handlers = {
    en: fastifyApolloHandler(servers.en, { context }),
    ko: fastifyApolloHandler(servers.ko, { context }),
  } as const;
  // When a caller hangs up, its cancel goes on. A stop waits until the outcome is stored.
  const underWay = new Set<unknown>();
  function handlerToTheEnd(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const language = languageOf(request);
    void reply.header("content-language", language);
    const answering = Promise.resolve(handlers[language].call(app, request, reply));
    underWay.add(answering);
    return answering.finally(() => underWay.delete(answering));
  }
  app.route({
    method: ["GET", "POST"],
    url: "/graphql",
    ...admission.hooks,
    preHandler: [checkAddress, checkAccept(JSON_TYPES)],
    handler: handlerToTheEnd,
  });
  addStream(app, {
    ...dependencies,
    serverOf: (request) => servers[languageOf(request)],
    contextOf,
    formatErrors: (errors, { requestId, language }) => {
      logFaults(app.log, errors, requestId);
      return errors.map((error) => withRequestId(formats[language](error.toJSON(), error), requestId));
    },
  });
  // Not Apollo's drain plugin: it waits for the server to close, which waits for this.
  app.addHook("onClose", async () => {
    await Promise.allSettled(underWay);
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  });
}

function languageOf({ headers }: FastifyRequest): Language {
  return chooseLanguage(headers["accept-language"]);
}

/** What is checked of each operation before anything of it is executed, in this order, and what is done when it has been. */
function checkOperations(
  { introspection, load, rateLimits, ledgerHistory }: GraphQLServerDependencies,
  log: FastifyBaseLogger,
  safelist: Safelist | null,
): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart({ request }) {
      if (safelist !== null) replaceId(request, safelist);
      let misfits: readonly GraphQLError[] = [];
      let charged: Charge | null = null;
      return Promise.resolve({
        async didResolveOperation({ schema, document, operation, contextValue }) {
          // Apollo Server refuses it.
          if (operation === undefined) return;
          const given = request.variables ?? {};
          assertNestedAccess(schema, document, contextValue.caller);
          const { refusals } = contextValue.messages;
          const wording = { refusals, namesSchema: introspection };
          const { values, errors } = coerceVariables(schema, operation, given, wording);
          misfits = errors;
          contextValue.cost =
            errors.length > 0 ? 1 : costOf({ schema, document, operation, variables: values });
          assertServedHere(operation, contextValue);
          shedLoad(operation, load);
          const fields = askedFieldsOf(document, operation, given);
          charged = await chargeOperation(rateLimits, contextValue, operation, fields);
          // The context is made before the document is read: only here is it known that this is a mutation.
          if (operation.operation === OperationTypeNode.MUTATION) contextValue.readFrom(ledgerHistory);
        },
        responseForOperation({ document, operationName, contextValue, response }) {
          if (misfits.length > 0) {
            // Only here can several errors be answered at once.
            const errors = misfits.map((error) => error.toJSON());
            const http = { status: 400, headers: new HeaderMap() };
            return Promise.resolve({ http, body: { kind: "single", singleResult: { errors } } });
          }
          const { live } = contextValue;
          if (live === null || charged === null) return Promise.resolve(null);
          // Apollo Server cannot execute a subscription: the stream route does.
          const variables = request.variables ?? {};
          const { bucket } = charged;
          live.accepted = { document, operationName, variables, context: contextValue, bucket };
          return Promise.resolve({ http: response.http, body: { kind: "single", singleResult: {} } });
        },
        didEncounterErrors({ errors, operation, contextValue }) {
          if (errors.some((error) => unwrapResolverError(error) instanceof BusyError))
            load.onShed(operation?.operation === OperationTypeNode.MUTATION ? "mutation" : "query");
          logFaults(log, errors, contextValue.requestId);
          return Promise.resolve();
        },
        async willSendResponse({ response: { body }, contextValue }) {
          if (charged !== null) await chargePenalties(rateLimits, charged, contextValue);
          if (body.kind !== "single") return;
          const { singleResult } = body;
          if (singleResult.errors !== undefined)
            singleResult.errors = unique(singleResult.errors).map((error) =>
              withRequestId(error, contextValue.requestId),
            );
          if (contextValue.cost > 0)
            singleResult.extensions = { ...singleResult.extensions, cost: contextValue.cost };
        },
      });
    },
  };
}

/** @throws GraphQLError for an operation beyond the limits. */
function costOf(operation: Operation): number {
  const { cost, faults } = measure(operation);
  if (faults.length === 0) return cost;
  throw refusal("QUERY_TOO_COMPLEX", 400, (messages) => faults.map((text) => text(messages)).join(" "));
}

/** Subscriptions are served at their own path, and nothing else there. */
function assertServedHere({ operation }: OperationDefinitionNode, { live }: GraphQLContext): void {
  const isSubscription = operation === OperationTypeNode.SUBSCRIPTION;
  if (isSubscription === (live !== null)) return;
  throw refusal("BAD_REQUEST", 400, ({ refusals }) =>
    isSubscription ? refusals.subscriptionElsewhere(STREAM_PATH) : refusals.onlySubscriptions,
  );
}

interface LoadSheddingDependencies {
  /** Whether a request that comes now would wait too long for a database connection. */
  readonly isSaturated: (what: "reads" | "cancels") => boolean;
  /** Called for each request that is refused, or that waited in vain. */
  readonly onShed: (what: "mutation" | "query") => void;
}

/** Most statements end within a second. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Refuses at once what would only make the queue for the database longer. Queries and cancels have separate connections, so cancels
 * are served however many queries come.
 */
function shedLoad(
  { operation }: OperationDefinitionNode,
  { isSaturated, onShed }: LoadSheddingDependencies,
): void {
  const isMutation = operation === OperationTypeNode.MUTATION;
  if (!isSaturated(isMutation ? "cancels" : "reads")) return;
  onShed(isMutation ? "mutation" : "query");
  throw refusal(
    "SERVICE_UNAVAILABLE",
    503,
    ({ refusals }) => refusals.databaseBusy(isMutation, RETRY_AFTER_SECONDS),
    RETRY_AFTER_SECONDS,
  );
}
