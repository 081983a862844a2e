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
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../../types/page.args.js";
import { fieldsWithResolver } from "./fields-with-resolver.js";
import { fragmentsOf } from "./fragments-of.js";
import { onceForEach } from "./once-for-each.js";

/** A point is as much as ten objects of an answer, or one query of the database. */
const OBJECTS_PER_POINT = 10;
const QUERY_OBJECTS = OBJECTS_PER_POINT;
/** Items, events and other lists without pages. Most have fewer; how many there are is known only when they have been read. */
const LIST_OBJECTS = 10;
/** `__schema` and `__type`: as much as the whole schema, which is in memory. graphql-js bounds how deep they may be asked. */
const INTROSPECTION_OBJECTS = 1_000;

export interface CostedRequest {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * What answering would cost at most, in points; at least 1. A page counts with its size, pages within pages multiply, and a
 * field counts as often as it is written. Goes by the schema's types and arguments and by who has a resolver, so that a new field
 * is counted without being listed here; one that is dearer than a query says so where it is declared (`complexity`, in points).
 * A request that cannot be executed (no such operation, variables that do not fit) costs 1.
 */
export function costOf(
  { schema, document, operationName, variables }: CostedRequest,
  { assumeVariablesFit = false } = {},
): number {
  const operation = getOperationAST(document, operationName);
  const root = operation ? schema.getRootType(operation.operation) : null;
  if (!operation || !root) return 1;
  const { coerced = assumeVariablesFit ? {} : undefined } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    variables ?? {},
    {
      maxErrors: 1,
    },
  );
  if (coerced === undefined) return 1;
  const counter = new ObjectCounter(schema, document, coerced);
  return Math.max(1, pointsOf(counter.inSelections(operation.selectionSet, root, null)));
}

/** What so many objects of an answer cost. */
export function pointsOf(objects: number): number {
  return Math.ceil(objects / OBJECTS_PER_POINT);
}

/** What a field says of itself; null when it says nothing. */
function declaredObjects({ extensions }: GraphQLField<unknown, unknown>): number | null {
  const { complexity } = extensions;
  return typeof complexity === "number" ? complexity * OBJECTS_PER_POINT : null;
}

/** The arguments that say how large a page is. */
export const SIZES: ReadonlySet<string> = new Set(["first", "last"]);

const resolvedFieldsOf = onceForEach<GraphQLSchema, [], ReadonlySet<string>>(fieldsWithResolver);

/** Counts objects, and queries as so many objects. */
class ObjectCounter {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #resolved: ReadonlySet<string>;
  /** Each fragment once for each page size around it: fragments that spread others twice would double at each step. */
  readonly #known = new Map<string, number>();

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly variables: Readonly<Record<string, unknown>>,
  ) {
    this.#fragments = fragmentsOf(document);
    this.#resolved = resolvedFieldsOf(schema);
  }

  /** @param page the size of the page whose fields these are; null when they are not a page's. */
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
    // A fragment within itself is refused by validation; here it only must not go round for ever.
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
   * Null for a field without pages. By the arguments that say so and no others: where another does not fit, or cannot be read yet, executing
   * it says so. A size out of range is refused when the field is resolved, and reads nothing.
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
      // An `if` of null: executing it says so.
      return true;
    }
  }
}
