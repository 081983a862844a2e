import {
  getDirectiveValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  GraphQLIncludeDirective,
  GraphQLInt,
  GraphQLSkipDirective,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  valueFromAST,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { getMetadataStorage } from "type-graphql";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../../types/history.input.js";
import { fragmentsOf } from "./document-limits.js";
import { OBJECTS_PER_POINT, pointsOf } from "./limits.js";

const QUERY_OBJECTS = OBJECTS_PER_POINT;
/** Assumed for items, events and other lists without pages. Most are shorter; their length is known only once they are read. */
const LIST_OBJECTS = 10;
/** `__schema` and `__type` count as the whole schema, which is in memory. */
const INTROSPECTION_OBJECTS = 1_000;

export interface CostedRequest {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * What an answer costs at most, in points; at least 1. A page counts with its size, pages within pages multiply, and a field counts
 * as often as it is written. The schema's types and arguments and the declared resolvers decide, so a new field is counted without
 * being listed here. A field that costs more than a query declares it (`complexity`, in points).
 * A request that cannot be executed (no such operation, variables that do not fit) costs 1.
 */
export function costOf({ schema, document, operationName, variables }: CostedRequest): number {
  const operation = getOperationAST(document, operationName);
  const root = operation ? schema.getRootType(operation.operation) : null;
  if (!operation || !root) return 1;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, {
    maxErrors: 1,
  });
  if (coerced === undefined) return 1;
  const counter = new ObjectCounter(schema, document, coerced);
  return Math.max(1, pointsOf(counter.inSelections(operation.selectionSet, root, null)));
}

/** The `complexity` that a field declares; null when it declares none. */
function declaredObjects({ extensions }: GraphQLField<unknown, unknown>): number | null {
  const { complexity } = extensions;
  return typeof complexity === "number" ? complexity * OBJECTS_PER_POINT : null;
}

/** The arguments that give the size of a page. */
const SIZES: ReadonlySet<string> = new Set(["first", "last"]);

/** Read once: the declarations do not change. */
let declaredResolvers: ReadonlySet<string> | undefined;

/**
 * `Type.field` of every field below the roots that declares a resolver, and so may cost a query. type-graphql gives every field of
 * the schema a resolver, so the schema does not tell.
 */
export function fieldsWithResolver(): ReadonlySet<string> {
  const { fieldResolvers, objectTypes, interfaceTypes, resolverClasses } = getMetadataStorage();
  const typeNames = new Map([...objectTypes, ...interfaceTypes].map(({ target, name }) => [target, name]));
  const resolvedTypes = new Map(resolverClasses.map(({ target, getObjectType }) => [target, getObjectType]));
  return new Set(
    fieldResolvers.map(({ target, schemaName, getObjectType = resolvedTypes.get(target) }) => {
      // A method of the type's own class is declared on that class.
      const type = typeNames.get(target) ?? typeNames.get(getObjectType?.() as NonNullable<typeof target>);
      if (type === undefined) throw new Error(`costing the field ${schemaName}: its type is not declared`);
      return `${type}.${schemaName}`;
    }),
  );
}

/** Counts the objects of an answer; a query counts as `QUERY_OBJECTS`. */
class ObjectCounter {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #resolved = (declaredResolvers ??= fieldsWithResolver());
  /** Each fragment is counted once per page size around it: fragments that spread others twice would double at each step. */
  readonly #known = new Map<string, number>();

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly variables: Readonly<Record<string, unknown>>,
  ) {
    this.#fragments = fragmentsOf(document);
  }

  /** @param page the size of the page that these fields belong to; null outside a page. */
  inSelections({ selections }: SelectionSetNode, type: GraphQLNamedType, page: number | null): number {
    return selections
      .filter((selection) => this.#isAskedFor(selection))
      .reduce((sum, selection) => sum + this.#inSelection(selection, type, page), 0);
  }

  #inSelection(selection: SelectionNode, type: GraphQLNamedType, page: number | null): number {
    switch (selection.kind) {
      case Kind.FIELD:
        return this.#inField(selection, type, page);
      case Kind.FRAGMENT_SPREAD:
        return this.#inFragment(selection.name.value, page);
      case Kind.INLINE_FRAGMENT: {
        const narrowed = selection.typeCondition && this.schema.getType(selection.typeCondition.name.value);
        return this.inSelections(selection.selectionSet, narrowed ?? type, page);
      }
    }
  }

  #inFragment(name: string, page: number | null): number {
    const key = `${name} ${page ?? ""}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fragment = this.#fragments.get(name);
    const type = fragment && this.schema.getType(fragment.typeCondition.name.value);
    if (!fragment || !type) return 0;
    // Validation refuses a fragment within itself. This only keeps the walk from going round forever.
    this.#known.set(key, 0);
    const count = this.inSelections(fragment.selectionSet, type, page);
    this.#known.set(key, count);
    return count;
  }

  #inField(node: FieldNode, type: GraphQLNamedType, page: number | null): number {
    const name = node.name.value;
    if (name === "__schema" || name === "__type") return INTROSPECTION_OBJECTS;
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    if (field === undefined) return 0;
    const own = declaredObjects(field) ?? (this.#isResolved(type, name) ? QUERY_OBJECTS : 0);
    const fieldType = getNamedType(field.type);
    if (!isCompositeType(fieldType) || !node.selectionSet) return own;
    const size = this.#pageSize(field, node);
    const each = 1 + this.inSelections(node.selectionSet, fieldType, size);
    const count = isListType(getNullableType(field.type)) ? (size ?? page ?? LIST_OBJECTS) : 1;
    return own + count * each;
  }

  #isResolved(type: GraphQLNamedType, field: string): boolean {
    const { schema } = this;
    const roots: unknown[] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    return roots.includes(type) || this.#resolved.has(`${type.name}.${field}`);
  }

  /**
   * Null for a field without pages. A size out of range is refused when the field is resolved, and reads nothing. Other arguments
   * are not read: executing the field reports those that do not fit.
   */
  #pageSize(field: GraphQLField<unknown, unknown>, node: FieldNode): number | null {
    if (!field.args.some(({ name }) => SIZES.has(name))) return null;
    const sizes = (node.arguments ?? [])
      .filter(({ name }) => SIZES.has(name.value))
      .map(({ value }) => valueFromAST(value, GraphQLInt, this.variables))
      .filter((size) => typeof size === "number");
    const size = sizes.length === 0 ? DEFAULT_PAGE_SIZE : Math.max(...sizes);
    return Math.min(Math.max(size, 1), MAX_PAGE_SIZE);
  }

  #isAskedFor(node: SelectionNode): boolean {
    if (node.directives === undefined || node.directives.length === 0) return true;
    try {
      const skip = getDirectiveValues(GraphQLSkipDirective, node, this.variables)?.["if"] === true;
      const include = getDirectiveValues(GraphQLIncludeDirective, node, this.variables)?.["if"] !== false;
      return !skip && include;
    } catch {
      // An `if` of null: executing the field reports it.
      return true;
    }
  }
}
