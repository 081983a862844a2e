import { Readable } from "node:stream";
import { HeaderMap, type ApolloServer, type HTTPGraphQLRequest } from "@apollo/server";
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preHandlerHookHandler,
  RouteShorthandOptions,
} from "fastify";
import { getOperationAST, GraphQLError, type GraphQLFormattedError } from "graphql";
import Negotiator from "negotiator";
import type { LiveChanges } from "../cancellation/live/live-changes.js";
import type { Admission } from "../cancellation/model/caller.js";
import type { Stores } from "../cancellation/model/store.js";
import { askedFieldsOf } from "./asked-fields.js";
import type { AcceptedSubscription, GraphQLContext, LiveContext } from "./context.js";
import { toEventStream } from "./event-stream.js";
import { badRequest, checkAddress } from "./plugins/check-request.js";
import { rateLimitBucket, type RateLimitDependencies } from "./plugins/rate-limits.js";
import {
  startSubscription,
  STREAM_PATH,
  waitForPoints,
  type SubscriptionDependencies,
} from "./subscription.js";

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

const TOKEN_EXPIRED = new GraphQLError("Your token is no longer valid. Subscribe again with a valid one.", {
  extensions: { code: "UNAUTHENTICATED" },
});

/** What subscriptions follow. */
export interface LiveDependencies {
  readonly changes: LiveChanges;
  readonly stores: Stores;
}

export interface StreamDependencies extends SubscriptionDependencies {
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

async function stream(
  dependencies: StreamDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  ending: AbortController,
  subscription: AcceptedSubscription,
): Promise<FastifyReply> {
  const { rateLimits, admission } = dependencies;
  const { signal } = ending;
  const formatErrors = (errors: readonly GraphQLError[]): GraphQLFormattedError[] =>
    dependencies.formatErrors(errors, request.id);
  const points = Math.min(subscription.context.cost, rateLimits.queryCostPerMinute);
  const bucket = bucketOf(subscription);
  const started = await startSubscription(dependencies, subscription, () =>
    waitForPoints((cost) => rateLimits.takeQueryCost(bucket, cost), points, signal),
  );
  if ("errors" in started) {
    ending.abort();
    return refuse(reply, formatErrors(started.errors));
  }
  const stopWatching = admission.watchToken(request, () => ending.abort(TOKEN_EXPIRED));
  signal.addEventListener("abort", stopWatching, { once: true });
  const events = toEventStream(started.results, { signal, formatErrors, onEnd: () => ending.abort() });
  return reply.headers(HEADERS).send(Readable.from(events, { highWaterMark: 1 }));
}

function refuse(reply: FastifyReply, errors: readonly GraphQLFormattedError[]): FastifyReply {
  const { code, retryAfterSeconds } = errors[0]?.extensions ?? {};
  if (typeof retryAfterSeconds === "number") reply.header("retry-after", String(retryAfterSeconds));
  return reply.code(STATUSES[String(code)] ?? 500).send({ errors });
}

/** The bucket that paid when the subscription began. */
function bucketOf({ document, operationName, variables, context }: AcceptedSubscription): string {
  const operation = getOperationAST(document, operationName);
  return rateLimitBucket(context.caller, operation ? askedFieldsOf(document, operation, variables) : []);
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

export interface OpenStreams {
  /** The controller that ends a stream. It is aborted when the caller hangs up and when the server stops. */
  add(reply: FastifyReply): AbortController;
}

/** All stream requests of one server. */
export function openStreams(app: FastifyInstance): OpenStreams {
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
