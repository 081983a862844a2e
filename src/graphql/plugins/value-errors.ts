import {
  BREAK,
  coerceInputValue,
  getNamedType,
  GraphQLError,
  isEnumType,
  isInputObjectType,
  isInputType,
  isNonNullType,
  isRequiredInputField,
  isValueNode,
  Kind,
  parse,
  typeFromAST,
  TypeInfo,
  valueFromAST,
  visit,
  visitWithTypeInfo,
  type ASTNode,
  type GraphQLInputType,
  type GraphQLNamedInputType,
  type GraphQLSchema,
  type ObjectFieldNode,
  type OperationDefinitionNode,
  type ValueNode,
} from "graphql";

// graphql-js quotes a value that does not fit, and for a missing field the whole object around it. An account number would come back
// in the answer, and be logged by whoever logs answers. So the messages here are made from the type and the path alone.

/** The default of graphql-js. */
const MAX_VARIABLE_ERRORS = 50;
const TOO_MANY_ERRORS = new GraphQLError(
  `The variables have more errors than these: at most ${MAX_VARIABLE_ERRORS} are looked at.`,
  { extensions: { code: "BAD_USER_INPUT" } },
);

/** Expected values of scalars. Decimal is missing: its own messages quote nothing. */
const SCALARS: Readonly<Record<string, string>> = {
  ID: "a string",
  String: "a string",
  Int: "a whole number of at most 32 bits",
  Float: "a number",
  Boolean: "true or false",
  DateTime: 'a time such as "2027-01-31T09:30:00Z"',
};

/** @param namesSchema whether the message may list enum values and input fields. */
function expectationOf(type: GraphQLNamedInputType, namesSchema: boolean): string {
  if (isEnumType(type) && namesSchema)
    return `expected one of ${type
      .getValues()
      .map(({ name }) => name)
      .join(", ")}`;
  return `expected ${SCALARS[type.name] ?? `a value of the type ${type.name}`}`;
}

/** What is wrong with an object for an input type, by the names of the fields that it has. */
function fieldFault(type: GraphQLNamedInputType, names: readonly string[], namesSchema: boolean): string {
  const fields = isInputObjectType(type) ? Object.values(type.getFields()) : [];
  const missing = fields.filter((field) => isRequiredInputField(field) && !names.includes(field.name));
  if (missing.length > 0)
    return `required fields of ${type.name} are missing: ${missing.map(({ name }) => name).join(", ")}`;
  const known = namesSchema ? `. Its fields are ${fields.map(({ name }) => name).join(", ")}` : "";
  return `there is a field that ${type.name} does not have${known}`;
}

/**
 * The variables of an operation as resolvers get them, and an error for each place where one does not fit its type;
 * `extensions.field` is its path, such as `input.items.2.amount`.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  namesSchema: boolean,
): { readonly values: Record<string, unknown>; readonly errors: readonly GraphQLError[] } {
  const values: Record<string, unknown> = {};
  const errors = new Map<string, GraphQLError>();
  for (const definition of variableDefinitions) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    if (!isInputType(type)) continue;
    const add = (path: readonly (string | number)[], fault: string): void => {
      const field = [name, ...path].join(".");
      const extensions = { code: "BAD_USER_INPUT", field };
      errors.set(field, new GraphQLError(`${field}: ${fault}`, { nodes: definition, extensions }));
    };
    if (!Object.hasOwn(variables, name)) {
      if (definition.defaultValue !== undefined) values[name] = valueFromAST(definition.defaultValue, type);
      else if (isNonNullType(type))
        add([], `the variable is missing: ${expectationOf(getNamedType(type), namesSchema)}`);
      continue;
    }
    const addFault = (path: readonly (string | number)[], value: unknown, error: GraphQLError): void => {
      if (errors.size >= MAX_VARIABLE_ERRORS) throw TOO_MANY_ERRORS;
      const expected = typeAt(type, path);
      if (value === null) add(path, `${expectationOf(expected, namesSchema)}, not null`);
      else if (isInputObjectType(expected) && typeof value === "object" && !Array.isArray(value))
        add(path, fieldFault(expected, Object.keys(value), namesSchema));
      else add(path, expected.name === "Decimal" ? error.message : expectationOf(expected, namesSchema));
    };
    try {
      values[name] = coerceInputValue(variables[name], type, addFault, true);
    } catch (error) {
      if (error !== TOO_MANY_ERRORS) throw error;
      return { values, errors: [...errors.values(), TOO_MANY_ERRORS] };
    }
  }
  return { values, errors: [...errors.values()] };
}

function typeAt(type: GraphQLInputType, path: readonly (string | number)[]): GraphQLNamedInputType {
  return path.reduce<GraphQLNamedInputType>((around, key) => {
    const field = isInputObjectType(around) ? around.getFields()[key] : undefined;
    return field === undefined ? around : getNamedType(field.type);
  }, getNamedType(type));
}

type ErrorNode = ValueNode | ObjectFieldNode;

/**
 * The node of an error about a value in the document; null for other errors. Validation reports some, and executing the others:
 * arguments that do not fit only once their variables are filled in.
 */
export function valueNodeOf(error: GraphQLError): ErrorNode | null {
  const node = error.nodes?.[0];
  return node !== undefined && (isValueNode(node) || node.kind === Kind.OBJECT_FIELD) ? node : null;
}

/** Describes an error about a value in the document. */
export function describeValueError(
  schema: GraphQLSchema,
  node: ErrorNode,
  options: { readonly message: string; readonly isExecuted: boolean; readonly namesSchema: boolean },
): { readonly message: string; readonly field: string } {
  const { path, type } = placeOf(schema, node);
  const field = path.join(".");
  const named = type && getNamedType(type);
  const fault = (): string => {
    if (named === undefined) return "this value is not expected here";
    if (options.isExecuted) return `with these variables, it is not a value of the type ${String(type)}`;
    if (node.kind === Kind.NULL) return `${expectationOf(named, options.namesSchema)}, not null`;
    if (node.kind === Kind.OBJECT_FIELD && isInputObjectType(named))
      return fieldFault(named, Object.keys(named.getFields()), options.namesSchema);
    if (node.kind === Kind.OBJECT && isInputObjectType(named)) {
      const names = node.fields.map(({ name }) => name.value);
      return fieldFault(named, names, options.namesSchema);
    }
    return named.name === "Decimal" ? options.message : expectationOf(named, options.namesSchema);
  };
  return { message: `${field}: ${fault()}`, field };
}

/** Where a value stands in its document, and the type expected there. The type of an input field is that of the object around it. */
function placeOf(
  schema: GraphQLSchema,
  node: ErrorNode,
): { readonly path: readonly string[]; readonly type: GraphQLInputType | undefined } {
  const { loc } = node;
  if (loc === undefined) return { path: [], type: undefined };
  const typeInfo = new TypeInfo(schema);
  let path: readonly string[] = [];
  let type: GraphQLInputType | undefined;
  const find = visitWithTypeInfo(typeInfo, {
    enter(visited, _key, parent, keys, ancestors) {
      if (visited.loc !== undefined && (visited.loc.start > loc.start || visited.loc.end < loc.end))
        return false;
      if (visited.kind !== node.kind || visited.loc?.start !== loc.start) return undefined;
      const around = [...ancestors, parent];
      path = keys.flatMap((key, depth) => nameOf(around[depth], key));
      const found = node.kind === Kind.OBJECT_FIELD ? typeInfo.getParentInputType() : typeInfo.getInputType();
      type = found ?? undefined;
      return BREAK;
    },
  });
  visit(parse(loc.source), find);
  return { path, type };
}

function nameOf(around: ASTNode | readonly ASTNode[] | undefined, key: string | number): string[] {
  if (around === undefined) return [];
  if ("length" in around) {
    const element = around[Number(key)];
    return element !== undefined && isValueNode(element) ? [String(key)] : [];
  }
  if (around.kind === Kind.ARGUMENT || around.kind === Kind.OBJECT_FIELD) return [around.name.value];
  return around.kind === Kind.VARIABLE_DEFINITION ? [around.variable.name.value] : [];
}
