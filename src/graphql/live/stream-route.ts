import { Readable } from "node:stream";
import { HeaderMap, type ApolloServer, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from "fastify";
import { getOperationAST, GraphQLError, type GraphQLFormattedError } from "graphql";
import type { LiveChanges } from "../../cancellation/live/live-changes.js";
import type { Stores } from "../../cancellation/model/store.js";
import type { Admission } from "../../cancellation/model/caller.js";
import { askedFieldsOf } from "../asked-fields.js";
import { checkAddress } from "../plugins/check-address.js";
import type { GraphQLContext, LiveContext } from "../context.js";
import { rateLimitBucket } from "../plugins/rate-limit-bucket.js";
import type { RateLimitParts } from "../plugins/rate-limits.js";
import { STREAM_PATH, type AskedSubscription } from "./ask-subscription.js";
import { checkTakesEvents } from "./check-takes-events.js";
import { toEventStream } from "./event-stream.js";
import { followSubscription, type FollowParts } from "./follow-subscription.js";
import { openStreams } from "./open-streams.js";
import { paceEvent } from "./pace-events.js";
import { refusalOf } from "./refusal.js";

/** What subscriptions follow. */
export interface LiveParts {
  readonly changes: LiveChanges;
  readonly stores: Stores;
}

export interface StreamParts extends FollowParts {
  readonly live: LiveParts;
  readonly rateLimits: Pick<RateLimitParts, "queryCostPerMinute" | "takeQueryCost">;
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly admission: Admission<FastifyRequest, RouteShorthandOptions>;
  /** @throws GraphQLError for a request that is not read. */
  readonly contextOf: (request: FastifyRequest, live: LiveContext) => GraphQLContext;
  /** Errors as the caller may see them. */
  readonly tell: (errors: readonly GraphQLError[], requestId: string) => GraphQLFormattedError[];
}

/** After a stream its connection is of no use: a stop would wait for it. nginx keeps answers back unless told not to. */
const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  connection: "close",
  "x-accel-buffering": "no",
};

const TOKEN_ENDED = new GraphQLError("Your token is taken no more. Subscribe again with a valid one.", {
  extensions: { code: "UNAUTHENTICATED" },
});

/** Adds `POST /graphql/stream`. Whatever is refused is answered as at `/graphql`, before a stream begins. */
export function addStream(app: FastifyInstance, parts: StreamParts): void {
  const streams = openStreams(app);
  app.route({
    method: "POST",
    url: STREAM_PATH,
    ...parts.admission.hooks,
    preHandler: [checkAddress, checkTakesEvents],
    handler: async (request, reply) => {
      const ending = streams.add(reply);
      const live: LiveContext = { ...parts.live, signal: ending.signal, asked: null };
      const answer = await parts.apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: toGraphQLRequest(request),
        context: () => Promise.resolve(parts.contextOf(request, live)),
      });
      if (live.asked !== null) return stream(parts, request, reply, ending, live.asked);
      const { status = 200, headers, body } = answer;
      return reply
        .code(status)
        .headers(Object.fromEntries(headers))
        .send(body.kind === "complete" ? body.string : "");
    },
  });
}

async function stream(
  parts: StreamParts,
  request: FastifyRequest,
  reply: FastifyReply,
  ending: AbortController,
  asked: AskedSubscription,
): Promise<FastifyReply> {
  const { signal } = ending;
  const points = Math.min(asked.context.cost, parts.rateLimits.queryCostPerMinute);
  const bucket = bucketOf(asked);
  const followed = await followSubscription(parts, asked, () =>
    paceEvent((cost) => parts.rateLimits.takeQueryCost(bucket, cost), points, signal),
  );
  if ("errors" in followed) {
    ending.abort();
    const { status, headers, body } = refusalOf(parts.tell(followed.errors, request.id));
    return reply.code(status).headers(headers).send(body);
  }
  const stopWatching = parts.admission.watchToken(request, () => ending.abort(TOKEN_ENDED));
  signal.addEventListener("abort", stopWatching, { once: true });
  const events = toEventStream(followed.results, {
    signal,
    tell: (errors) => parts.tell(errors, request.id),
    onEnd: () => ending.abort(),
  });
  return reply.headers(HEADERS).send(Readable.from(events, { highWaterMark: 1 }));
}

/** The same that it was charged to when it began. */
function bucketOf({ document, operationName, variables, context }: AskedSubscription): string {
  const operation = getOperationAST(document, operationName);
  return rateLimitBucket(context.caller, operation ? askedFieldsOf(document, operation, variables) : []);
}

/** Without its Accept header, which is for the stream: refusals are JSON. */
function toGraphQLRequest({ body, method, headers }: FastifyRequest): HTTPGraphQLRequest {
  const kept = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (name !== "accept" && value !== undefined) kept.set(name, String(value));
  }
  return { body, method, headers: kept, search: "" };
}
