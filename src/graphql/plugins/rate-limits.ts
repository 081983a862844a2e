import { HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import { GraphQLError, OperationTypeNode } from "graphql";
import type { ChargePenalty, TakePoints } from "../../cancellation/model/caller.js";
import { askedFieldsOf } from "../asked-fields.js";
import type { GraphQLContext } from "../context.js";
import { pointsOf } from "./limits/query-cost.js";
import { mutationPoints, WRONG_GUESS_POINTS } from "./mutation-points.js";
import { rateLimitBucket } from "./rate-limit-bucket.js";

export interface RateLimitParts {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  readonly takeMutations: TakePoints;
  readonly takeQueryCost: TakePoints;
  readonly penaliseMutations: ChargePenalty;
  readonly penaliseQueryCost: ChargePenalty;
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
        `At most ${parts.mutationsPerMinute} mutations a minute per caller and store, of which this counts as ${points}. This call sent nothing`,
      neverServed: (points) =>
        `This counts as ${points} mutations, and at most ${parts.mutationsPerMinute} a minute are served per caller and store: it never is. This call sent nothing.`,
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

  /** @throws GraphQLError */
  async function charge(what: LimitedOperation, bucket: string, points: number): Promise<void> {
    const limit = limits[what];
    if (points > limit.perMinute) throw tooLarge(limit.neverServed(points));
    const taken = await limit.take(bucket, points);
    if (taken.allowed) return;
    parts.onLimited(what);
    throw tooOften(limit.tooOften(points), taken.retryAfterSeconds);
  }

  return {
    requestDidStart: () => {
      /** Whose request it is, and what a query has been charged; null until it may be executed. */
      let charged: { readonly bucket: string; readonly cost: number | null } | null = null;
      return Promise.resolve({
        async didResolveOperation({ document, operation, request, contextValue }) {
          if (operation === undefined) return;
          const variables = request.variables ?? {};
          const fields = askedFieldsOf(document, operation, variables);
          const bucket = rateLimitBucket(contextValue.caller, fields);
          const isMutation = operation.operation === OperationTypeNode.MUTATION;
          const mutations = fields.reduce((sum, { name }) => sum + mutationPoints(name, isMutation), 0);
          if (mutations > 0) await charge("mutation", bucket, mutations);
          const cost = isMutation ? null : contextValue.cost;
          if (cost !== null) await charge("query", bucket, cost);
          charged = { bucket, cost };
        },
        /** What could not be foreseen is paid with what is left of the minute. */
        async willSendResponse({ contextValue }) {
          if (charged === null) return;
          const { bucket, cost } = charged;
          const { reusedKeys } = contextValue;
          // Lists without pages may have been longer.
          const more = cost === null ? 0 : pointsOf(contextValue.loaders().countRead()) - cost;
          if (more > 0) await parts.penaliseQueryCost(bucket, more);
          if (reusedKeys > 0) await parts.penaliseMutations(bucket, reusedKeys * WRONG_GUESS_POINTS);
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
