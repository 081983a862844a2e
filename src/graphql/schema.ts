import "reflect-metadata";
import type { GraphQLSchema } from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { buildSchema, type PubSub } from "type-graphql";
import type { CancelPaymentDependencies } from "../cancellation/cancel/cancel-payment.js";
import type { Cursors } from "../cancellation/history/cursors.js";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { CheckDependencies } from "../cancellation/reconcile/check-unresolved.js";
import type { AskLiveStatus } from "../cancellation/history/live-status.js";
import { Decimal } from "../cancellation/model/decimal.js";
import { CancelPaymentResolver } from "./resolvers/cancel-payment.resolver.js";
import { CancellationResolver } from "./resolvers/cancellation.resolver.js";
import { CancellationChangedResolver } from "./resolvers/cancellation-changed.resolver.js";
import { CancellationConnectionResolver, PageInfoResolver } from "./resolvers/connection.resolver.js";
import { DecimalScalar } from "./types/decimal.scalar.js";
import { guardSchema } from "./access.js";
import { HistoryResolver } from "./resolvers/history.resolver.js";
import { OrderConnectionResolver, OrderEdgeResolver } from "./resolvers/order-connection.resolver.js";
import { OrderResolver } from "./resolvers/order.resolver.js";
import { PreviewResolver } from "./resolvers/preview.resolver.js";
import { RefreshCancellationResolver } from "./resolvers/refresh-cancellation.resolver.js";
import { ResolveCancellationResolver } from "./resolvers/resolve-cancellation.resolver.js";
import { StatsResolver } from "./resolvers/stats.resolver.js";
import { USER_ERROR_TYPES } from "./types/user-error.type.js";

export interface SchemaParts extends CancelPaymentDependencies, CheckDependencies {
  readonly history: CancellationHistory;
  /** The same on the connections of what moves money. */
  readonly ledgerHistory: CancellationHistory;
  readonly cursors: Cursors;
  readonly liveStatus: AskLiveStatus;
}

export async function buildGraphQLSchema(parts: SchemaParts): Promise<GraphQLSchema> {
  const { stores, history, cursors } = parts;
  const cancelPaymentResolver = new CancelPaymentResolver({ ...parts, history: parts.ledgerHistory });
  const resolvers = new Map<unknown, object>([
    [CancelPaymentResolver, cancelPaymentResolver],
    [CancellationResolver, new CancellationResolver()],
    [CancellationChangedResolver, new CancellationChangedResolver()],
    [CancellationConnectionResolver, new CancellationConnectionResolver(history)],
    [PageInfoResolver, new PageInfoResolver(history)],
    [HistoryResolver, new HistoryResolver(stores, history, cursors)],
    [OrderConnectionResolver, new OrderConnectionResolver(history)],
    [OrderEdgeResolver, new OrderEdgeResolver()],
    [OrderResolver, new OrderResolver(stores, history, cursors, parts.liveStatus)],
    [StatsResolver, new StatsResolver(stores, history)],
    [PreviewResolver, new PreviewResolver(parts)],
    [RefreshCancellationResolver, new RefreshCancellationResolver(parts)],
    [ResolveCancellationResolver, new ResolveCancellationResolver({ ...parts, now: () => history.now() })],
  ]);
  const schema = await buildSchema({
    resolvers: [
      CancelPaymentResolver,
      CancellationResolver,
      CancellationChangedResolver,
      CancellationConnectionResolver,
      PageInfoResolver,
      HistoryResolver,
      OrderConnectionResolver,
      OrderEdgeResolver,
      StatsResolver,
      OrderResolver,
      PreviewResolver,
      RefreshCancellationResolver,
      ResolveCancellationResolver,
    ],
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

/** type-graphql demands one of whoever has subscriptions. Here each says itself what it follows. */
const NO_TOPICS: PubSub = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error("subscribing to a topic: there are none");
  },
};

/** type-graphql has no place for them. */
function describeRoots(schema: GraphQLSchema): void {
  const [query, mutation] = [schema.getQueryType(), schema.getMutationType()];
  const subscription = schema.getSubscriptionType();
  if (query)
    query.description =
      "The history of cancellations, and what a cancel would do. Nothing here changes anything.";
  if (mutation) mutation.description = "What moves money, and what settles whether it moved.";
  if (subscription)
    subscription.description =
      "What changes, as it changes. Served at `POST /graphql/stream` as server-sent events (GraphQL over SSE, distinct connections): one subscription a request.";
}
