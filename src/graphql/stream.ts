import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  HeaderMap,
  type ApolloServer,
  type ApolloServerPlugin,
  type HTTPGraphQLRequest,
} from "@apollo/server";
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preHandlerHookHandler,
  RouteShorthandOptions,
} from "fastify";
import {
  createSourceEventStream,
  execute,
  getOperationAST,
  OperationTypeNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from "graphql";
import Negotiator from "negotiator";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { LiveChanges } from "../cancellation/live/live-changes.js";
import type { Admission, PointsTaken } from "../cancellation/model/caller.js";
import type { Stores } from "../cancellation/model/store.js";
import { askedFieldsOf } from "./asked-fields.js";
import {
  createContext,
  type AcceptedSubscription,
  type GraphQLContext,
  type LiveContext,
} from "./context.js";
import { toEventStream } from "./event-stream.js";
import { badRequest, checkAddress } from "./plugins/check-request.js";
import { rateLimitBucket, type RateLimitDependencies } from "./plugins/rate-limits.js";
import { refusal } from "./refusal.js";

export const STREAM_PATH = "/graphql/stream";

/** A reader that is well takes the end of a stream at once. One that is not must not hold up a stop. */
const CUT_AFTER_MS = 1_000;

const EVENT_STREAM = "text/event-stream";
/** A connection is not reused after its stream, since a stop would wait for it. nginx buffers answers unless told not to. */
const HEADERS = {
  "content-type": `${EVENT_STREAM}; charset=utf-8`,
  "cache-control": "no-store",
  connection: "close",
  "x-accel-buffering": "no",
};

const STATUSES: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  BAD_USER_INPUT: 400,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
};

const TOKEN_EXPIRED = refusal(
  "UNAUTHENTICATED",
  401,
  "Your token is no longer valid. Subscribe again with a valid one.",
);

/** What subscriptions follow. */
export interface LiveDependencies {
  readonly changes: LiveChanges;
  readonly stores: Stores;
}

export interface StreamDependencies {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
  readonly live: LiveDependencies;
  readonly rateLimits: Pick<RateLimitDependencies, "queryCostPerMinute" | "takeQueryCost">;
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly admission: Admission<FastifyRequest, RouteShorthandOptions>;
  /** @throws GraphQLError for a request that must not be read. */
  readonly contextOf: (request: FastifyRequest, live: LiveContext) => GraphQLContext;
  /** Errors as the caller may see them. */
  readonly formatErrors: (errors: readonly GraphQLError[], requestId: string) => GraphQLFormattedError[];
}

/** Adds `POST /graphql/stream`. Every refusal comes before the stream begins, and looks as at `/graphql`. */
export function addStream(app: FastifyInstance, dependencies: StreamDependencies): void {
  const streams = openStreams(app);
  app.route({
    method: "POST",
    url: STREAM_PATH,
    ...dependencies.admission.hooks,
    preHandler: [checkAddress, checkAcceptsEvents],
    handler: async (request, reply) => {
      const ending = streams.add(reply);
      const live: LiveContext = { ...dependencies.live, signal: ending.signal, accepted: null };
      const answer = await dependencies.apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: toGraphQLRequest(request),
        context: () => Promise.resolve(dependencies.contextOf(request, live)),
      });
      if (live.accepted !== null) return stream(dependencies, request, reply, ending, live.accepted);
      const { status = 200, headers, body } = answer;
      return reply
        .code(status)
        .headers(Object.fromEntries(headers))
        .send(body.kind === "complete" ? body.string : "");
    },
  });
}

/** Without its Accept header, which is about the stream: refusals are JSON. */
function toGraphQLRequest({ body, method, headers }: FastifyRequest): HTTPGraphQLRequest {
  const kept = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (name !== "accept" && value !== undefined) kept.set(name, String(value));
  }
  return { body, method, headers: kept, search: "" };
}

const checkAcceptsEvents: preHandlerHookHandler = (request, reply, done) => {
  const { accept = EVENT_STREAM } = request.headers;
  if (new Negotiator({ headers: { accept } }).mediaType([EVENT_STREAM]) !== undefined) done();
  else {
    const message = `The answer is a ${EVENT_STREAM}, which the Accept header of this request leaves out.`;
    done(badRequest(message, 406));
  }
};

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
          throw refusal(
            "BAD_REQUEST",
            400,
            isSubscription
              ? `Subscriptions are served at POST ${STREAM_PATH}, as server-sent events.`
              : "Only subscriptions are served here. Queries and mutations are at /graphql. This call did nothing.",
          );
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

async function stream(
  dependencies: StreamDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  ending: AbortController,
  { document, operationName, variables, context }: AcceptedSubscription,
): Promise<FastifyReply> {
  const { schema, history, rateLimits, admission } = dependencies;
  const { signal } = ending;
  const formatErrors = (errors: readonly GraphQLError[]): GraphQLFormattedError[] =>
    dependencies.formatErrors(errors, request.id);
  const subscription = { schema, document, operationName, variableValues: variables };
  const source = await createSourceEventStream({ ...subscription, contextValue: context });
  if (!(Symbol.asyncIterator in source)) {
    ending.abort();
    return refuse(reply, formatErrors(source.errors ?? []));
  }
  const points = Math.min(context.cost, rateLimits.queryCostPerMinute);
  // The bucket that paid when the subscription began.
  const operation = getOperationAST(document, operationName);
  const bucket = rateLimitBucket(
    context.caller,
    operation ? askedFieldsOf(document, operation, variables) : [],
  );
  async function* resultsOf(events: AsyncIterable<unknown>): AsyncGenerator<ExecutionResult> {
    for await (const rootValue of events) {
      if (!(await waitForPoints((cost) => rateLimits.takeQueryCost(bucket, cost), points, signal))) return;
      // A new context for each event: the loaders of the last one hold what they read then.
      yield await execute({ ...subscription, rootValue, contextValue: createContext(context, history) });
    }
  }
  const stopWatching = admission.watchToken(request, () => ending.abort(TOKEN_EXPIRED));
  signal.addEventListener("abort", stopWatching, { once: true });
  const events = toEventStream(resultsOf(source), { signal, formatErrors, onEnd: () => ending.abort() });
  return reply.headers(HEADERS).send(Readable.from(events, { highWaterMark: 1 }));
}

function refuse(reply: FastifyReply, errors: readonly GraphQLFormattedError[]): FastifyReply {
  const { code, retryAfterSeconds } = errors[0]?.extensions ?? {};
  if (typeof retryAfterSeconds === "number") reply.header("retry-after", String(retryAfterSeconds));
  return reply.code(STATUSES[String(code)] ?? 500).send({ errors });
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

/** All stream requests of one server. The controller of each ends its stream: when the caller hangs up, and when the server stops. */
export function openStreams(app: FastifyInstance): {
  readonly add: (reply: FastifyReply) => AbortController;
} {
  const open = new Map<FastifyReply, AbortController>();
  let isStopping = false;
  app.addHook("preClose", (done) => {
    isStopping = true;
    for (const ending of open.values()) ending.abort();
    const timer = setTimeout(() => {
      for (const reply of open.keys()) reply.raw.destroy();
    }, CUT_AFTER_MS);
    app.server.once("close", () => clearTimeout(timer));
    done();
  });
  return {
    add(reply) {
      const ending = new AbortController();
      if (isStopping) ending.abort();
      open.set(reply, ending);
      reply.raw.once("close", () => {
        open.delete(reply);
        ending.abort();
      });
      return ending;
    },
  };
}
