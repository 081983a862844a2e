import {
  getDirectiveValues,
  getNamedType,
  getNullableType,
  GraphQLIncludeDirective,
  GraphQLInt,
  GraphQLSkipDirective,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  valueFromAST,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { fragmentsOf } from "../asked-fields.js";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../types/history.input.js";
import { OBJECTS_PER_POINT, pointsOf, QUERY_POINTS } from "./limits.js";

/** Assumed for items, events and other lists without pages. Most are shorter; their length is known only once they are read. */
const LIST_OBJECTS = 10;
/** `__schema` and `__type` count as the whole schema, which is in memory. */
const INTROSPECTION_OBJECTS = 1_000;
const META_FIELDS = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef].map((field) => [field.name, field]),
);
/** The arguments that give the size of a page. */
const SIZES: ReadonlySet<string> = new Set(["first", "last"]);

export interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What an operation asks for; each fragment is counted where it is spread, and what `@skip` or `@include` leaves out is not. */
export interface OperationSize {
  /** What the answer costs at most, in points; at least 1. */
  readonly cost: number;
  readonly fields: number;
  readonly aliases: number;
}

/**
 * The cost of a page counts with the page's size, pages within pages multiply, and a field counts as often as it is written. A field
 * that reads the database or EBP declares what that costs (`complexity`, in points); a root field that declares nothing costs one query.
 */
export function sizeOf({ schema, document, operation, variables }: Operation): OperationSize {
  const root = schema.getRootType(operation.operation);
  if (!root) return { cost: 1, fields: 0, aliases: 0 };
  const counter = new SizeCounter(schema, fragmentsOf(document), variables);
  const { objects, fields, aliases } = counter.inSelections(operation.selectionSet, root, null);
  return { cost: Math.max(1, pointsOf(objects)), fields, aliases };
}

interface Size {
  /** Objects of the answer; a query counts as ten. */
  readonly objects: number;
  readonly fields: number;
  readonly aliases: number;
}

const NOTHING: Size = { objects: 0, fields: 0, aliases: 0 };

class SizeCounter {
  /** Each fragment is counted once per page size around it: fragments that spread others twice would double at each step. */
  readonly #known = new Map<string, Size>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    private readonly variables: Readonly<Record<string, unknown>>,
  ) {}

  /** @param page the size of the page that these fields belong to; null outside a page. */
  inSelections({ selections }: SelectionSetNode, type: GraphQLNamedType, page: number | null): Size {
    return selections
      .filter((selection) => this.#isAskedFor(selection))
      .map((selection) => this.#inSelection(selection, type, page))
      .reduce(
        (sum, each) => ({
          objects: sum.objects + each.objects,
          fields: sum.fields + each.fields,
          aliases: sum.aliases + each.aliases,
        }),
        NOTHING,
      );
  }

  #inSelection(selection: SelectionNode, type: GraphQLNamedType, page: number | null): Size {
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

  #inFragment(name: string, page: number | null): Size {
    const key = `${name} ${page ?? ""}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fragment = this.fragments.get(name);
    const type = fragment && this.schema.getType(fragment.typeCondition.name.value);
    if (!fragment || !type) return NOTHING;
    // Validation refuses a fragment within itself. This only keeps the walk from going round forever.
    this.#known.set(key, NOTHING);
    const size = this.inSelections(fragment.selectionSet, type, page);
    this.#known.set(key, size);
    return size;
  }

  #inField(node: FieldNode, type: GraphQLNamedType, page: number | null): Size {
    const meta = META_FIELDS.get(node.name.value);
    const field =
      meta ?? (isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined);
    if (field === undefined) return NOTHING;
    const size = this.#pageSize(field, node);
    const inner = node.selectionSet
      ? this.inSelections(node.selectionSet, getNamedType(field.type), size)
      : NOTHING;
    const count = isListType(getNullableType(field.type)) ? (size ?? page ?? LIST_OBJECTS) : 1;
    const below = meta === undefined ? count * (1 + inner.objects) : INTROSPECTION_OBJECTS;
    return {
      objects: this.#ownObjects(field, type) + (node.selectionSet ? below : 0),
      fields: inner.fields + 1,
      aliases: inner.aliases + (node.alias ? 1 : 0),
    };
  }

  #ownObjects({ name, extensions }: GraphQLField<unknown, unknown>, type: GraphQLNamedType): number {
    const { complexity } = extensions;
    if (typeof complexity === "number") return complexity * OBJECTS_PER_POINT;
    if (META_FIELDS.has(name)) return 0;
    const { schema } = this;
    const roots: unknown[] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    return roots.includes(type) ? QUERY_POINTS * OBJECTS_PER_POINT : 0;
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
