import "reflect-metadata";
import type { GraphQLSchema } from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { buildSchema, type BuildSchemaOptions, type PubSub } from "type-graphql";
import type { CancelPaymentDependencies } from "../cancellation/cancel/cancel-payment.js";
import type { Cursors } from "../cancellation/history/cursors.js";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { CheckDependencies } from "../cancellation/reconcile/reconcile.js";
import type { AskLiveStatus } from "../cancellation/history/live-status.js";
import { Decimal } from "../cancellation/model/decimal.js";
import { guardSchema } from "./access.js";
import { CancelPaymentResolver } from "./resolvers/cancel-payment.resolver.js";
import { CancellationChangedResolver } from "./resolvers/cancellation-changed.resolver.js";
import { CancellationResolver } from "./resolvers/cancellation.resolver.js";
import {
  CancellationConnectionResolver,
  OrderConnectionResolver,
  OrderEdgeResolver,
  PageInfoResolver,
} from "./resolvers/connection.resolver.js";
import { OperatorResolver } from "./resolvers/operator.resolver.js";
import { OrderResolver } from "./resolvers/order.resolver.js";
import { StatsResolver } from "./resolvers/stats.resolver.js";
import { DecimalScalar } from "./types/decimal.scalar.js";
import { USER_ERROR_TYPES } from "./types/user-error.type.js";

type Resolvers = BuildSchemaOptions["resolvers"];

export interface SchemaParts extends CancelPaymentDependencies, CheckDependencies {
  readonly history: CancellationHistory;
  /** The same on the connections of what moves money. */
  readonly ledgerHistory: CancellationHistory;
  readonly cursors: Cursors;
  readonly liveStatus: AskLiveStatus;
}

export async function buildGraphQLSchema(parts: SchemaParts): Promise<GraphQLSchema> {
  const { stores, history, cursors } = parts;
  const resolvers = new Map<unknown, object>([
    [CancelPaymentResolver, new CancelPaymentResolver({ ...parts, history: parts.ledgerHistory }, parts)],
    [OperatorResolver, new OperatorResolver({ ...parts, now: () => history.now() })],
    [CancellationResolver, new CancellationResolver(stores, history, cursors)],
    [CancellationConnectionResolver, new CancellationConnectionResolver(history)],
    [PageInfoResolver, new PageInfoResolver(history)],
    [OrderConnectionResolver, new OrderConnectionResolver(history)],
    [OrderEdgeResolver, new OrderEdgeResolver()],
    [OrderResolver, new OrderResolver(stores, history, cursors, parts.liveStatus)],
    [StatsResolver, new StatsResolver(stores, history)],
    [CancellationChangedResolver, new CancellationChangedResolver()],
  ]);
  const schema = await buildSchema({
    resolvers: [...resolvers.keys()] as Resolvers,
    pubSub: NO_TOPICS,
    orphanedTypes: USER_ERROR_TYPES,
    container: { get: (resolver) => resolvers.get(resolver) },
    scalarsMap: [
      { type: Decimal, scalar: DecimalScalar },
      { type: Date, scalar: GraphQLDateTime },
    ],
    // The domain checks its input itself: class-validator's errors carry the caller's whole input, account number and all.
    validate: false,
  });
  describeRoots(schema);
  guardSchema(schema);
  return schema;
}

/** type-graphql requires a PubSub for subscriptions; ours have `subscribe` functions of their own instead. */
const NO_TOPICS: PubSub = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error("subscribing to a topic: there are none");
  },
};

/** type-graphql has no option for these descriptions. */
function describeRoots(schema: GraphQLSchema): void {
  const [query, mutation] = [schema.getQueryType(), schema.getMutationType()];
  const subscription = schema.getSubscriptionType();
  if (query)
    query.description = "Reads the history of cancellations, and what a cancel would do. Changes nothing.";
  if (mutation) mutation.description = "Moves money, or decides whether money has moved.";
  if (subscription)
    subscription.description =
      "Changes as they happen. Served at `POST /graphql/stream` as server-sent events (GraphQL over SSE, distinct connections mode), one subscription per request.";
}
