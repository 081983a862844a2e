import { isObjectType, type GraphQLSchema } from "graphql";
import { getMetadataStorage } from "type-graphql";
import { fieldsWithResolver } from "./plugins/limits/fields-with-resolver.js";

/**
 * Leaves to graphql-js the fields that are properties and nothing more, which are nearly all of an answer. type-graphql gives each of
 * them a resolver that makes objects for middlewares, of which there are none here.
 */
export function leavePlainFields(schema: GraphQLSchema): void {
  const resolved = fieldsWithResolver();
  const { objectTypes, fields: declared } = getMetadataStorage();
  const renamed = new Set(
    [...objectTypes.flatMap(({ fields = [] }) => fields), ...declared]
      .filter(({ name, schemaName }) => name !== schemaName)
      .map(({ schemaName }) => schemaName),
  );
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    if (roots.includes(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      if (!resolved.has(`${type.name}.${field.name}`) && !renamed.has(field.name)) delete field.resolve;
    }
  }
}
