import { HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import { GraphQLError } from "graphql";
import type { Caller } from "../cancellation/caller.js";
import type { GraphQLContext } from "./context.js";
import { rateLimitBucket } from "./rate-limit-bucket.js";

/**
 * Requests that are refused for what they are: not to be parsed, not valid, beyond a limit. Reading one costs as much as answering
 * another, and only what is answered has a cost that could be charged.
 */
export interface RefusalParts {
  /** In how many seconds the bucket's requests are read again; null while they are. */
  readonly barredFor: (bucket: string) => Promise<number | null>;
  readonly countRefusal: (bucket: string) => Promise<void>;
  /** Told of each request that is not read. */
  readonly onBarred: () => void;
}

/** @throws GraphQLError for a caller of whom so much was refused that nothing more is read for a while. */
export async function assertNotBarred(caller: Caller, parts: RefusalParts): Promise<void> {
  const retryAfterSeconds = await parts.barredFor(bucketOf(caller));
  if (retryAfterSeconds === null) return;
  parts.onBarred();
  throw new GraphQLError(
    `Too many requests of this caller were refused: nothing more is read for ${retryAfterSeconds} s. This call did nothing; an earlier one with the same idempotency key may have.`,
    {
      extensions: {
        code: "RATE_LIMITED",
        retryAfterSeconds,
        http: { status: 429, headers: new HeaderMap([["retry-after", String(retryAfterSeconds)]]) },
      },
    },
  );
}

/** In characters. Every operation of the documents of this project is shorter. */
const SHORT_DOCUMENT = 4_000;

/** Counts what was not executed, unless that is our fault. */
export function countRefusals(parts: RefusalParts): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () => {
      let isExecuted = false;
      return Promise.resolve({
        executionDidStart() {
          isExecuted = true;
          return Promise.resolve();
        },
        async willSendResponse({ contextValue, errors = [], request: { query = "" } }) {
          // A subscription is answered without being executed here.
          if (isExecuted || errors.length === 0) return;
          const codes = errors.map(({ extensions }) => extensions["code"]);
          // What comes too often has a limit of its own, by store, and costs little to read unless it is long.
          const isLimited = codes.includes("RATE_LIMITED") && query.length <= SHORT_DOCUMENT;
          if (!isLimited && !codes.includes("SERVICE_UNAVAILABLE"))
            await parts.countRefusal(bucketOf(contextValue.caller));
        },
      });
    },
  };
}

function bucketOf(caller: Caller): string {
  return rateLimitBucket(caller, []);
}
