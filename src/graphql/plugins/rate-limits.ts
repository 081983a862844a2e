import { createHash } from "node:crypto";
import type { ApolloServerPlugin } from "@apollo/server";
import { OperationTypeNode } from "graphql";
import type { Caller, ChargePenalty, TakePoints } from "../../cancellation/model/caller.js";
import { askedFieldsOf, type AskedField } from "../asked-fields.js";
import type { GraphQLContext } from "../context.js";
import { refusal } from "../refusal.js";
import { pointsOf } from "./limits.js";

export interface RateLimitDependencies {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  readonly takeMutations: TakePoints;
  readonly takeQueryCost: TakePoints;
  readonly penaliseMutations: ChargePenalty;
  readonly penaliseQueryCost: ChargePenalty;
  /** Called for each request that is refused. */
  readonly onLimited: (what: LimitedOperation) => void;
}

export type LimitedOperation = "mutation" | "query";

/** How many mutations each field counts as. */
const MUTATION_POINTS = new Map([
  ["cancelPayment", 1],
  // A query, but it answers what `cancelPayment` would.
  ["cancelPaymentPreview", 1],
  // It asks EBP each time. Nobody needs it in a hurry: recovery looks up unknown outcomes by itself.
  ["refreshCancellation", 10],
  // A person decides a few in a minute.
  ["resolveCancellation", 10],
]);
const HIGHEST_POINTS = Math.max(...MUTATION_POINTS.values());

/** The penalty for using a key again for another request: it slows down who tries refund accounts until one matches. */
const REUSED_KEY_PENALTY = 10;

/** A mutation without an entry in the table counts as the most expensive one; a query without an entry as none. */
export function mutationPoints(field: string, isMutation: boolean): number {
  return MUTATION_POINTS.get(field) ?? (isMutation ? HIGHEST_POINTS : 0);
}

/**
 * The bucket that a request is counted in: the caller, and the one store that all of its fields name. Where they name none, several,
 * or a store that is not the caller's, the bucket is all of the caller's stores together: made-up ids give nobody another bucket.
 * A hash, so that keys have one length and the counters hold no caller's name.
 */
export function rateLimitBucket(caller: Caller, fields: readonly AskedField[]): string {
  const named = new Set(fields.map(({ storeId }) => storeId));
  const [only = null] = named;
  const isOwn = only !== null && named.size === 1 && caller.storeIds.includes(only);
  const stores = isOwn ? [only] : [...caller.storeIds].sort();
  return createHash("sha256")
    .update(JSON.stringify([caller.subject, stores]))
    .digest("base64url");
}

/** Refuses, before anything is executed, what a caller asks of a store beyond the limits of a minute. */
export function limitRates(dependencies: RateLimitDependencies): ApolloServerPlugin<GraphQLContext> {
  const { mutationsPerMinute, queryCostPerMinute } = dependencies;

  /** @throws GraphQLError */
  async function chargeMutations(bucket: string, points: number): Promise<void> {
    if (points > mutationsPerMinute)
      throw refusal(
        "BAD_REQUEST",
        400,
        `This counts as ${points} mutations, and at most ${mutationsPerMinute} a minute are served per caller and store: it never is. This call sent nothing.`,
      );
    const taken = await dependencies.takeMutations(bucket, points);
    if (taken.allowed) return;
    dependencies.onLimited("mutation");
    throw refusal(
      "RATE_LIMITED",
      429,
      `At most ${mutationsPerMinute} mutations a minute per caller and store, of which this counts as ${points}. This call sent nothing; come again in ${taken.retryAfterSeconds} s.`,
      taken.retryAfterSeconds,
    );
  }

  /** @throws GraphQLError */
  async function chargeQuery(bucket: string, points: number): Promise<void> {
    if (points > queryCostPerMinute)
      throw refusal(
        "BAD_REQUEST",
        400,
        `This query costs ${points} points, and at most ${queryCostPerMinute} a minute are served per caller and store: it never is. Ask for less at once, such as smaller pages.`,
      );
    const taken = await dependencies.takeQueryCost(bucket, points);
    if (taken.allowed) return;
    dependencies.onLimited("query");
    throw refusal(
      "RATE_LIMITED",
      429,
      `At most ${queryCostPerMinute} points of query cost a minute per caller and store, of which this costs ${points}; come again in ${taken.retryAfterSeconds} s.`,
      taken.retryAfterSeconds,
    );
  }

  return {
    requestDidStart: () => {
      /** The bucket, and what a query was charged; null until the operation may be executed. */
      let charged: { readonly bucket: string; readonly cost: number | null } | null = null;
      return Promise.resolve({
        async didResolveOperation({ document, operation, request, contextValue }) {
          if (operation === undefined) return;
          const fields = askedFieldsOf(document, operation, request.variables ?? {});
          const bucket = rateLimitBucket(contextValue.caller, fields);
          const isMutation = operation.operation === OperationTypeNode.MUTATION;
          const mutations = fields.reduce((sum, { name }) => sum + mutationPoints(name, isMutation), 0);
          if (mutations > 0) await chargeMutations(bucket, mutations);
          const cost = isMutation ? null : contextValue.cost;
          if (cost !== null) await chargeQuery(bucket, cost);
          charged = { bucket, cost };
        },
        async willSendResponse({ contextValue }) {
          if (charged === null) return;
          const { bucket, cost } = charged;
          const { reusedKeys } = contextValue;
          // Lists without pages may have been longer than the cost assumed.
          const more = cost === null ? 0 : pointsOf(contextValue.loaders().countRead) - cost;
          if (more > 0) await dependencies.penaliseQueryCost(bucket, more);
          if (reusedKeys > 0) await dependencies.penaliseMutations(bucket, reusedKeys * REUSED_KEY_PENALTY);
        },
      });
    },
  };
}
