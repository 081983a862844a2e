import { getMetadataStorage } from "type-graphql";

/**
 * `Type.field` of every field below the roots that has a resolver of its own, and so may cost a query. From the declarations
 * themselves: type-graphql gives every field of the schema a resolver, so the schema does not tell.
 */
export function fieldsWithResolver(): ReadonlySet<string> {
  const { fieldResolvers, objectTypes, interfaceTypes, resolverClasses } = getMetadataStorage();
  const typeNames = new Map([...objectTypes, ...interfaceTypes].map(({ target, name }) => [target, name]));
  const resolvedTypes = new Map(resolverClasses.map(({ target, getObjectType }) => [target, getObjectType]));
  return new Set(
    fieldResolvers.map(({ target, schemaName, getObjectType = resolvedTypes.get(target) }) => {
      // A method of the type's own class is declared on that class.
      const type = typeNames.get(target) ?? typeNames.get(getObjectType?.() as NonNullable<typeof target>);
      if (type === undefined) throw new Error(`the type that ${schemaName} is resolved for is not known`);
      return `${type}.${schemaName}`;
    }),
  );
}
