import {
  defaultFieldResolver,
  type DocumentNode,
  type FieldNode,
  type GraphQLFieldResolver,
  GraphQLScalarType,
  type GraphQLSchema,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { buildSchema, type BuildSchemaOptions } from "type-graphql";
import type { CancelPaymentDependencies } from "../cancellation/cancel/cancel-payment.js";
import type { Cursors } from "../cancellation/history/cursors.js";
import type { CancellationHistory } from "../cancellation/history/history.js";
import type { AskLiveStatus } from "../cancellation/history/live-status.js";
import type { Caller, Scope } from "../cancellation/model/caller.js";
import { Decimal } from "../cancellation/model/decimal.js";
import type { CheckDependencies } from "../cancellation/reconcile/reconcile.js";
import { CancelPaymentResolver } from "./api/cancel-payment.js";
import { CancellationFailureResolver } from "./api/cancellation.js";
import { CancellationResolver } from "./api/cancellation-queries.js";
import {
  CancellationConnectionResolver,
  OrderConnectionResolver,
  OrderEdgeResolver,
  PageInfoResolver,
} from "./api/connection.js";
import { DecimalScalar } from "./api/leaf-types.js";
import { LiveChangesResolver } from "./api/live-changes.js";
import { OperatorResolver } from "./api/operator.js";
import { LiveStatusUnavailableResolver, OrderResolver } from "./api/order.js";
import { StatsResolver } from "./api/stats.js";
import { USER_ERROR_TYPES } from "./api/user-errors.js";
import { ViewerResolver } from "./api/viewer.js";
import type { GraphQLContext } from "./context.js";
import { Refusal, refusal } from "./plugins/errors.js";

export interface SchemaParts extends CancelPaymentDependencies, CheckDependencies {
  readonly history: CancellationHistory;
  /** The same on the connections of what moves money. */
  readonly ledgerHistory: CancellationHistory;
  readonly cursors: Cursors;
  readonly liveStatus: AskLiveStatus;
}

export async function buildGraphQLSchema(parts: SchemaParts): Promise<GraphQLSchema> {
  const { stores, history, cursors } = parts;
  const instances = [
    new CancelPaymentResolver({ ...parts, history: parts.ledgerHistory }, parts, stores),
    new CancellationFailureResolver(),
    new LiveChangesResolver(),
    new LiveStatusUnavailableResolver(),
    new ViewerResolver(stores),
    new OperatorResolver({ ...parts, now: () => history.now() }),
    new CancellationResolver(stores, history, cursors),
    new CancellationConnectionResolver(history),
    new PageInfoResolver(history),
    new OrderConnectionResolver(history),
    new OrderEdgeResolver(),
    new OrderResolver(stores, history, cursors, parts.liveStatus),
    new StatsResolver(stores, history),
  ];
  const resolvers = new Map<unknown, object>(instances.map((each) => [each.constructor, each]));
  const schema = await buildSchema({
    resolvers: [...resolvers.keys()] as BuildSchemaOptions["resolvers"],
    container: { get: (resolver) => resolvers.get(resolver) },
    // Required for subscriptions; ours have `subscribe` functions of their own instead.
    pubSub: { publish: noTopic, subscribe: noTopic },
    orphanedTypes: USER_ERROR_TYPES,
    scalarsMap: [
      { type: Decimal, scalar: DecimalScalar },
      { type: Date, scalar: GraphQLDateTime },
    ],
    // The domain checks its input itself: class-validator's errors carry the caller's whole input, account number and all.
    validate: false,
  });
  // Neither type-graphql nor graphql-scalars has an option for these.
  for (const [type, description] of [
    [
      schema.getQueryType(),
      "Reads the history of cancellations, and what a cancel would do. Changes nothing.",
    ],
    [schema.getMutationType(), "Cancels payments, and decides cancellations that are UNKNOWN."],
    [
      schema.getSubscriptionType(),
      "Changes as they happen. Served at `POST /graphql/stream` as server-sent events (GraphQL over SSE, distinct connections mode), one subscription per request.",
    ],
  ] as const)
    if (type) type.description = description;
  const dateTime = schema.getType("DateTime");
  if (dateTime instanceof GraphQLScalarType)
    dateTime.specifiedByURL = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6";
  guardSchema(schema);
  return schema;
}

function noTopic(): never {
  throw new Error("using a topic: there are none");
}

type AccessRules = Readonly<Record<string, readonly Scope[]>>;

const READ = ["cancellations:read"] as const;
const WRITE = ["cancellations:write"] as const;
/** The answer to an operator shows the whole record, so it needs the scope for reading as well. */
const OPERATE = ["cancellations:resolve", "cancellations:read"] as const;

/**
 * The scopes that a caller needs, all of them, for each field of Query, Mutation and Subscription. Whatever is below a root field comes
 * with it. Which stores a caller sees is not decided here, but in each query to the database; exports check EXPORT_SCOPE themselves.
 */
const ACCESS: AccessRules = {
  "Query.node": READ,
  "Query.cancellation": READ,
  "Query.cancellationByKey": READ,
  "Query.cancellations": READ,
  "Query.cancellationStats": READ,
  "Query.order": READ,
  "Query.orders": READ,
  // Everybody may see who they are.
  "Query.viewer": [],
  // It shows what a cancel would do, so it is for those who may cancel.
  "Query.cancelPaymentPreview": WRITE,
  "Mutation.cancelPayment": WRITE,
  "Mutation.refreshCancellation": OPERATE,
  "Mutation.resolveCancellation": OPERATE,
  "Subscription.cancellationChanged": READ,
};

/**
 * Fields below a root field that lead to other records than the one a caller has made. They are checked before anything is executed, so
 * that a mutation is not carried out for a caller who could not read its answer.
 */
const NESTED_ACCESS: AccessRules = {
  "Cancellation.order": READ,
  "CancelPaymentPayload.order": READ,
  "IdempotencyKeyReusedError.cancellation": READ,
  "CancelInProgressError.cancellation": READ,
};

/** @throws GraphQLError for a document that asks for more than its caller may read. */
export function assertNestedAccess(schema: GraphQLSchema, document: DocumentNode, { scopes }: Caller): void {
  if (READ.every((scope) => scopes.includes(scope))) return;
  const typeInfo = new TypeInfo(schema);
  const assertField = (node: FieldNode): void => {
    const name = `${String(typeInfo.getParentType())}.${node.name.value}`;
    const missing = missingOf(NESTED_ACCESS[name] ?? [], scopes);
    if (missing.length === 0) return;
    throw refusal("FORBIDDEN", 403, ({ refusals }) => refusals.scopesMissing(node.name.value, missing));
  };
  visit(document, visitWithTypeInfo(typeInfo, { Field: { enter: assertField } }));
}

/**
 * Puts the rules before the resolvers of the root fields.
 * @throws when a root field has no rule, or a rule names no root field: the service must not start then.
 */
export function guardSchema(schema: GraphQLSchema, rules: AccessRules = ACCESS): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = new Map(
    roots.flatMap((type) =>
      Object.values(type?.getFields() ?? {}).map((field) => [`${type?.name ?? ""}.${field.name}`, field]),
    ),
  );
  const ruleOf = new Map(Object.entries(rules));
  const faults = [
    ...[...fields.keys()].filter((name) => !ruleOf.has(name)).map((name) => `${name} has no rule`),
    ...[...ruleOf.keys()].filter((name) => !fields.has(name)).map((name) => `${name} is no root field`),
  ];
  if (faults.length > 0) throw new Error(`checking the scopes that fields need: ${faults.join("; ")}`);
  for (const [name, field] of fields) {
    const guard = guardOf(field.name, ruleOf.get(name) ?? []);
    field.resolve = guard(field.resolve ?? defaultFieldResolver);
    // A subscription reads what it follows before anything of it is resolved.
    if (field.subscribe !== undefined) field.subscribe = guard(field.subscribe);
  }
}

type Resolver = GraphQLFieldResolver<unknown, GraphQLContext>;

function guardOf(field: string, scopes: readonly Scope[]): (resolver: Resolver) => Resolver {
  return (resolver) =>
    (source, args, context, info): unknown => {
      const missing = missingOf(scopes, context.caller.scopes);
      if (missing.length === 0) return resolver(source, args, context, info);
      throw new Refusal(({ refusals }) => refusals.scopesMissing(field, missing), { code: "FORBIDDEN" });
    };
}

function missingOf(needed: readonly Scope[], has: readonly Scope[]): Scope[] {
  return needed.filter((scope) => !has.includes(scope));
}
