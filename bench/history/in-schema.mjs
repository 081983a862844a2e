import { buildSchema, getVariableValues, parse, validate } from "graphql";

/** Tells whether a schema has what a case asks for: its fields and arguments, and the fields of its variables. */
export function createSchemaCheck(schemaText) {
  const schema = buildSchema(schemaText);
  return (query, variables) => {
    const document = parse(query);
    if (validate(schema, document).length > 0) return false;
    const [{ variableDefinitions = [] }] = document.definitions;
    return getVariableValues(schema, variableDefinitions, variables).errors === undefined;
  };
}
