import {
  defaultFieldResolver,
  GraphQLError,
  isIntrospectionType,
  isObjectType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from "graphql";
import type { Scope } from "../cancellation/model/caller.js";
import { WITH_PARENT, type AccessRule, type AccessRules } from "./access.js";
import type { GraphQLContext } from "./context.js";

export class AccessRulesError extends Error {
  override readonly name = "AccessRulesError";
}

/**
 * Puts the rules before the resolvers.
 * @throws AccessRulesError for a field without a rule, and a rule without a field.
 */
export function guardSchema(schema: GraphQLSchema, rules: AccessRules): void {
  const fields = fieldsOf(schema);
  const ruleOf = rulesByName(rules);
  const faults = [
    ...[...fields.keys()].filter((name) => !ruleOf.has(name)).map((name) => `${name} has no rule`),
    ...[...ruleOf.keys()]
      .filter((name) => !fields.has(name))
      .map((name) => `${name} has a rule and does not exist`),
  ];
  if (faults.length > 0) throw new AccessRulesError(`Who may ask for what: ${faults.join("; ")}`);
  for (const [name, field] of fields) {
    const rule = ruleOf.get(name);
    if (rule !== undefined && rule !== WITH_PARENT) requireScopes(field, rule);
  }
}

type Field = GraphQLField<unknown, GraphQLContext, Record<string, unknown>>;
type Resolver = GraphQLFieldResolver<unknown, GraphQLContext, Record<string, unknown>>;

/** By name, such as `Query.cancellation`. */
function fieldsOf(schema: GraphQLSchema): Map<string, Field> {
  const fields = new Map<string, Field>();
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  for (const type of types.filter((each) => !isIntrospectionType(each))) {
    for (const field of Object.values(type.getFields()) as Field[])
      fields.set(`${type.name}.${field.name}`, field);
  }
  return fields;
}

function rulesByName(rules: AccessRules): Map<string, AccessRule> {
  return new Map(
    Object.entries(rules).flatMap(([type, fields]) =>
      Object.entries(fields).map(([field, rule]): [string, AccessRule] => [`${type}.${field}`, rule]),
    ),
  );
}

/** Of a subscription, also before anything is followed: what it follows is read before it is resolved. */
function requireScopes(field: Field, scopes: readonly Scope[]): void {
  const { subscribe, resolve = defaultFieldResolver } = field;
  field.resolve = guarded(resolve);
  if (subscribe !== undefined) field.subscribe = guarded(subscribe);

  function guarded(resolver: Resolver): Resolver {
    return (source, args, context, info): unknown => {
      const missing = scopes.filter((scope) => !context.caller.scopes.includes(scope));
      if (missing.length === 0) return resolver(source, args, context, info);
      const noun = missing.length === 1 ? "scope" : "scopes";
      throw new GraphQLError(
        `\`${field.name}\` needs the ${noun} ${missing.join(" and ")}, which your token does not have.`,
        { extensions: { code: "FORBIDDEN" } },
      );
    };
  }
}
