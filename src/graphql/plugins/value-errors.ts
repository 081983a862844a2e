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
import type { InvalidInputReason } from "../../cancellation/model/fault.js";
import type { Refusals } from "../../messages/messages.js";

// graphql-js quotes a value that does not fit, and for a missing field the whole object around it. An account number would come back
// in the answer, and be logged by whoever logs answers. So the messages here are made from the type and the path alone.

/** The default of graphql-js. */
const MAX_VARIABLE_ERRORS = 50;

/** Thrown out of graphql-js, which otherwise goes on through all of the values. */
class TooManyValueErrors extends Error {
  override readonly name = "TooManyValueErrors";
}

/** What a value of a type looks like. The values of an enum are listed always: they are part of what a form has to know. */
function expectationOf(type: GraphQLNamedInputType, refusals: Refusals): string {
  if (isEnumType(type)) return refusals.expectedOneOf(type.getValues().map(({ name }) => name));
  const scalars: Readonly<Record<string, string>> = {
    ID: refusals.expectedString,
    String: refusals.expectedString,
    Int: refusals.expectedInt,
    Float: refusals.expectedFloat,
    Boolean: refusals.expectedBoolean,
    DateTime: refusals.expectedDateTime,
    Decimal: refusals.expectedDecimal,
  };
  return scalars[type.name] ?? refusals.expectedType(type.name);
}

interface Wording {
  readonly refusals: Refusals;
  /** Whether the message may list the fields of an input type. */
  readonly namesSchema: boolean;
}

/** What is wrong with an object for an input type, by the names of the fields that it has. */
function fieldFault(
  type: GraphQLNamedInputType,
  names: readonly string[],
  { refusals, namesSchema }: Wording,
): string {
  const fields = isInputObjectType(type) ? Object.values(type.getFields()) : [];
  const missing = fields.filter((field) => isRequiredInputField(field) && !names.includes(field.name));
  const namesOf = (some: typeof fields): string[] => some.map(({ name }) => name);
  if (missing.length > 0) return refusals.fieldsMissing(type.name, namesOf(missing));
  return refusals.fieldUnknown(type.name, namesSchema ? namesOf(fields) : null);
}

/**
 * The variables of an operation as resolvers get them, and an error for each place where one does not fit its type;
 * `extensions.field` is its path, such as `["input", "items", "2", "amount"]`.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  wording: Wording,
): { readonly values: Record<string, unknown>; readonly errors: readonly GraphQLError[] } {
  const { refusals } = wording;
  const values: Record<string, unknown> = {};
  const errors = new Map<string, GraphQLError>();
  for (const definition of variableDefinitions) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    if (!isInputType(type)) continue;
    const add = (path: readonly (string | number)[], message: string, reason: InvalidInputReason): void => {
      const field = [name, ...path].map(String);
      const extensions = { code: "BAD_USER_INPUT", field, reason };
      errors.set(field.join("."), new GraphQLError(message, { nodes: definition, extensions }));
    };
    if (!Object.hasOwn(variables, name)) {
      if (definition.defaultValue !== undefined) values[name] = valueFromAST(definition.defaultValue, type);
      else if (isNonNullType(type))
        add([], refusals.variableMissing(expectationOf(getNamedType(type), refusals)), "REQUIRED");
      continue;
    }
    const addFault = (path: readonly (string | number)[], value: unknown): void => {
      if (errors.size >= MAX_VARIABLE_ERRORS) throw new TooManyValueErrors();
      const expected = typeAt(type, path);
      if (value === null) add(path, refusals.notNull(expectationOf(expected, refusals)), "REQUIRED");
      else if (isInputObjectType(expected) && typeof value === "object" && !Array.isArray(value))
        add(path, fieldFault(expected, Object.keys(value), wording), "INVALID_FORMAT");
      else add(path, refusals.wrongValue(expectationOf(expected, refusals)), "INVALID_FORMAT");
    };
    try {
      values[name] = coerceInputValue(variables[name], type, addFault, true);
    } catch (error) {
      if (!(error instanceof TooManyValueErrors)) throw error;
      const extensions = { code: "BAD_USER_INPUT" };
      const more = new GraphQLError(refusals.tooManyValueErrors(MAX_VARIABLE_ERRORS), { extensions });
      return { values, errors: [...errors.values(), more] };
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
  { isExecuted, ...wording }: Wording & { readonly isExecuted: boolean },
): { readonly message: string; readonly field: readonly string[] } {
  const { refusals } = wording;
  const { path: field, type } = placeOf(schema, node);
  const named = type && getNamedType(type);
  const message = (): string => {
    if (named === undefined) return refusals.notExpectedHere;
    if (isExecuted) return refusals.wrongVariable(String(type));
    if (node.kind === Kind.NULL) return refusals.notNull(expectationOf(named, refusals));
    if (node.kind === Kind.OBJECT_FIELD && isInputObjectType(named))
      return fieldFault(named, Object.keys(named.getFields()), wording);
    if (node.kind === Kind.OBJECT && isInputObjectType(named))
      return fieldFault(
        named,
        node.fields.map(({ name }) => name.value),
        wording,
      );
    return refusals.wrongValue(expectationOf(named, refusals));
  };
  return { message: message(), field };
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
