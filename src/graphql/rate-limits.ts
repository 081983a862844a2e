import { HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import { GraphQLError, OperationTypeNode } from "graphql";
import { askedFieldsOf } from "./asked-fields.js";
import type { GraphQLContext } from "./context.js";
import { costOf, pointsOf } from "./limits/query-cost.js";
import { mutationPoints } from "./mutation-points.js";
import { rateLimitBucket } from "./rate-limit-bucket.js";

/** Takes so many points of what a bucket has for a minute. */
type TakePoints = (
  bucket: string,
  points: number,
) => Promise<{ readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number }>;

export interface RateLimitParts {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  readonly takeMutations: TakePoints;
  readonly takeQueryCost: TakePoints;
  /** Told of each request that is refused. */
  readonly onLimited: (what: LimitedOperation) => void;
}

export type LimitedOperation = "mutation" | "query";

interface Limit {
  readonly perMinute: number;
  readonly take: TakePoints;
  /** What a request asks too often for, for its sender. */
  readonly tooOften: (points: number) => string;
  readonly neverServed: (points: number) => string;
}

/** Refuses, before anything of it is executed, what a caller asks of a store beyond so much in a minute. */
export function limitRates(parts: RateLimitParts): ApolloServerPlugin<GraphQLContext> {
  const limits: Readonly<Record<LimitedOperation, Limit>> = {
    mutation: {
      perMinute: parts.mutationsPerMinute,
      take: parts.takeMutations,
      tooOften: (points) =>
        `At most ${parts.mutationsPerMinute} mutations a minute per caller and store, of which this counts as ${points}. Nothing was sent`,
      neverServed: (points) =>
        `This counts as ${points} mutations, and at most ${parts.mutationsPerMinute} a minute are served per caller and store: it never is. Nothing was sent.`,
    },
    query: {
      perMinute: parts.queryCostPerMinute,
      take: parts.takeQueryCost,
      tooOften: (points) =>
        `At most ${parts.queryCostPerMinute} points of query cost a minute per caller and store, of which this costs ${points}`,
      neverServed: (points) =>
        `This query costs ${points} points, and at most ${parts.queryCostPerMinute} a minute are served per caller and store: it never is. Ask for less at once, such as smaller pages.`,
    },
  };
  return {
    requestDidStart: () => {
      /** What a query that is being answered has been charged, and to whom. */
      let query: { readonly bucket: string; readonly points: number } | null = null;
      return Promise.resolve({
        async didResolveOperation({ schema, document, operation, operationName, request, contextValue }) {
          if (operation === undefined || operation.operation === OperationTypeNode.SUBSCRIPTION) return;
          const variables = request.variables ?? {};
          const fields = askedFieldsOf(document, operation, variables);
          const points =
            operation.operation === OperationTypeNode.MUTATION
              ? fields.reduce((sum, { name }) => sum + mutationPoints(name), 0)
              : costOf({ schema, document, operationName, variables });
          const limit = limits[operation.operation];
          if (points > limit.perMinute) throw tooLarge(limit.neverServed(points));
          const bucket = rateLimitBucket(contextValue.caller, fields);
          const taken = await limit.take(bucket, points);
          if (!taken.allowed) {
            parts.onLimited(operation.operation);
            throw tooOften(limit.tooOften(points), taken.retryAfterSeconds);
          }
          if (operation.operation === OperationTypeNode.QUERY) query = { bucket, points };
        },
        /** Lists without pages may have been longer than foreseen: who has read them pays with what is left of the minute. */
        async willSendResponse({ contextValue }) {
          if (query === null) return;
          const unforeseen = pointsOf(contextValue.loaders.countRead()) - query.points;
          if (unforeseen > 0) await limits.query.take(query.bucket, unforeseen);
        },
      });
    },
  };
}

function tooOften(what: string, retryAfterSeconds: number): GraphQLError {
  return new GraphQLError(`${what}; come again in ${retryAfterSeconds} s.`, {
    extensions: {
      code: "RATE_LIMITED",
      retryAfterSeconds,
      http: { status: 429, headers: new HeaderMap([["retry-after", String(retryAfterSeconds)]]) },
    },
  });
}

/** However long its sender waits: so it is not told to come again. */
function tooLarge(what: string): GraphQLError {
  return new GraphQLError(what, { extensions: { code: "BAD_REQUEST", http: { status: 400 } } });
}
