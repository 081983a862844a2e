import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { HeaderMap, type ApolloServer, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from "fastify";
import {
  createSourceEventStream,
  execute,
  GraphQLError,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from "graphql";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { Admission, PointsTaken } from "../cancellation/model/caller.js";
import { MissedChangesError } from "../cancellation/model/errors.js";
import {
  createContext,
  type AcceptedSubscription,
  type GraphQLContext,
  type LiveContext,
} from "./context.js";
import { checkAccept, checkAddress } from "./plugins/check-request.js";
import { Refusal } from "./plugins/errors.js";
import { chooseLanguage } from "../messages/messages.js";
import type { RateLimitDependencies } from "./plugins/rate-limits.js";

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

// It is sent on the stream, which has a status already.
const TOKEN_EXPIRED = new Refusal(({ refusals }) => refusals.tokenExpired, { code: "UNAUTHENTICATED" });

/** What subscriptions need as queries do. */
export interface SharedDependencies {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
  readonly admission: Admission<FastifyRequest, RouteShorthandOptions>;
  readonly rateLimits: RateLimitDependencies;
  /** What subscriptions follow. */
  readonly live: Pick<LiveContext, "changes" | "stores">;
}

interface StreamDependencies extends SharedDependencies {
  readonly serverOf: (request: FastifyRequest) => ApolloServer<GraphQLContext>;
  /** @throws GraphQLError for a request that must not be read. */
  readonly contextOf: (request: FastifyRequest, live: LiveContext) => GraphQLContext;
  /** Errors as the caller may see them. */
  readonly formatErrors: (
    errors: readonly GraphQLError[],
    context: Pick<GraphQLContext, "requestId" | "language">,
  ) => GraphQLFormattedError[];
}

/** Adds `POST /graphql/stream`. Every refusal comes before the stream begins, and looks as at `/graphql`. */
export function addStream(app: FastifyInstance, dependencies: StreamDependencies): void {
  const endingOf = keepStreams(app);
  app.route({
    method: "POST",
    url: STREAM_PATH,
    ...dependencies.admission.hooks,
    preHandler: [checkAddress, checkAccept([EVENT_STREAM])],
    handler: async (request, reply) => {
      const language = chooseLanguage(request.headers["accept-language"]);
      void reply.header("content-language", language);
      const ending = endingOf(reply);
      const live: LiveContext = { ...dependencies.live, signal: ending.signal, accepted: null };
      const answer = await dependencies.serverOf(request).executeHTTPGraphQLRequest({
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

async function stream(
  dependencies: StreamDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  ending: AbortController,
  { document, operationName, variables, context, bucket }: AcceptedSubscription,
): Promise<FastifyReply> {
  const { schema, history, rateLimits, admission } = dependencies;
  const { signal } = ending;
  const formatErrors = (errors: readonly GraphQLError[]): GraphQLFormattedError[] =>
    dependencies.formatErrors(errors, context);
  const subscription = { schema, document, operationName, variableValues: variables };
  const source = await createSourceEventStream({ ...subscription, contextValue: context });
  if (!(Symbol.asyncIterator in source)) {
    ending.abort();
    return refuse(reply, formatErrors(source.errors ?? []));
  }
  const points = Math.min(context.cost, rateLimits.queryCostPerMinute);
  async function* resultsOf(events: AsyncIterable<unknown>): AsyncGenerator<ExecutionResult> {
    for await (const rootValue of events) {
      if (!(await waitForPoints(() => rateLimits.takeQueryCost(bucket, points), signal))) return;
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
export async function waitForPoints(take: () => Promise<PointsTaken>, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const taken = await take();
    if (taken.allowed) return true;
    await delay(taken.retryAfterSeconds * 1_000, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return false;
}

/**
 * Keeps all stream requests of one server.
 * @returns a function that adds one. The controller ends its stream: when the caller hangs up, and when the server stops.
 */
export function keepStreams(app: FastifyInstance): (reply: FastifyReply) => AbortController {
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
  return (reply) => {
    const ending = new AbortController();
    if (isStopping) ending.abort();
    open.set(reply, ending);
    reply.raw.once("close", () => {
      open.delete(reply);
      ending.abort();
    });
    return ending;
  };
}

/** Proxies close a connection on which nothing was sent, most of them after 60 s. */
const HEARTBEAT_MS = 12_000;
const HEARTBEAT = ":\n\n";
const COMPLETE = "event: complete\ndata:\n\n";

interface EventStreamOptions {
  /** Ends the stream at once. A reason that is a GraphQLError is sent first; without one the client reconnects. */
  readonly signal: AbortSignal;
  readonly formatErrors: (errors: readonly GraphQLError[]) => GraphQLFormattedError[];
  /** Called when the stream has ended, for whatever reason. */
  readonly onEnd: () => void;
}

/**
 * The results of a subscription as an event stream of the GraphQL over SSE protocol, in distinct connections mode. The next result is
 * made when the reader has taken the last one.
 */
export async function* toEventStream(
  results: AsyncIterator<ExecutionResult>,
  { signal, formatErrors, onEnd }: EventStreamOptions,
): AsyncGenerator<string, void, undefined> {
  const toNext = ({ data, errors }: ExecutionResult): string => {
    const result: FormattedExecutionResult = {
      ...(errors !== undefined && { errors: formatErrors(errors) }),
      ...(data !== undefined && { data }),
    };
    // JSON has no line breaks, which would end the event.
    return `event: next\ndata: ${JSON.stringify(result)}\n\n`;
  };
  try {
    // Some browsers do not see the headers before the first byte.
    yield HEARTBEAT;
    for (let next = nextOf(results); ;) {
      const item = await orHeartbeat(next, signal);
      if (signal.aborted) {
        const reason: unknown = signal.reason;
        if (reason instanceof GraphQLError) yield toNext({ errors: [reason] }) + COMPLETE;
        return;
      }
      if (item === null) {
        yield HEARTBEAT;
      } else if (item.done === true) {
        yield COMPLETE;
        return;
      } else {
        yield toNext(item.value);
        next = nextOf(results);
      }
    }
  } finally {
    onEnd();
    void results.return?.();
  }
}

/** An error becomes the last result. Never rejects: once the signal is given, nobody awaits it. */
async function nextOf(results: AsyncIterator<ExecutionResult>): Promise<IteratorResult<ExecutionResult>> {
  try {
    return await results.next();
  } catch (error) {
    return { done: false, value: { errors: [toGraphQLError(error)] } };
  }
}

function toGraphQLError(error: unknown): GraphQLError {
  if (error instanceof MissedChangesError)
    return new Refusal(({ refusals }) => refusals.changesMissed, { code: "SERVICE_UNAVAILABLE" });
  const originalError = error instanceof Error ? error : null;
  return new GraphQLError("following changes failed", { originalError });
}

/** Null when a heartbeat is due first, or when the signal is given. */
async function orHeartbeat<T>(next: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<null>((resolve) => (interrupt = () => resolve(null)));
  const timer = setTimeout(interrupt, HEARTBEAT_MS).unref();
  signal.addEventListener("abort", interrupt);
  if (signal.aborted) interrupt();
  try {
    return await Promise.race([next, interrupted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
  }
}
