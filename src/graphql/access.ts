import { defaultFieldResolver, GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import type { Scope } from "../cancellation/model/caller.js";
import type { GraphQLContext } from "./context.js";

type AccessRules = Readonly<Record<string, readonly [Scope, ...Scope[]]>>;

const READ = ["cancellations:read"] as const;
const WRITE = ["cancellations:write"] as const;
/** The answer to an operator shows the whole record, so it needs the scope for reading as well. */
const OPERATE = ["cancellations:resolve", "cancellations:read"] as const;

/**
 * The scopes that a caller needs, all of them, for each field of Query, Mutation and Subscription. Whatever is below a root field comes
 * with it. Which stores a caller sees is not decided here, but in each query to the database; exports check EXPORT_SCOPE themselves.
 */
export const ACCESS: AccessRules = {
  "Query.node": READ,
  "Query.cancellation": READ,
  "Query.cancellationByKey": READ,
  "Query.cancellations": READ,
  "Query.cancellationStats": READ,
  "Query.order": READ,
  // It shows what a cancel would do, so it is for those who may cancel.
  "Query.cancelPaymentPreview": WRITE,
  "Mutation.cancelPayment": WRITE,
  "Mutation.refreshCancellation": OPERATE,
  "Mutation.resolveCancellation": OPERATE,
  "Subscription.cancellationChanged": READ,
};

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
      const missing = scopes.filter((scope) => !context.caller.scopes.includes(scope));
      if (missing.length === 0) return resolver(source, args, context, info);
      const noun = missing.length === 1 ? "scope" : "scopes";
      throw new GraphQLError(
        `\`${field}\` needs the ${noun} ${missing.join(" and ")}, which your token does not have.`,
        { extensions: { code: "FORBIDDEN" } },
      );
    };
}
