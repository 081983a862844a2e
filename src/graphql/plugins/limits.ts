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
  OperationTypeNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  valueFromAST,
  valueFromASTUntyped,
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
import type { Text } from "../../messages/messages.js";

/** Limits of one operation. Each is sized by the largest honest operation: a page of 100 cancellations with all their fields. */

/**
 * Lexical tokens of a document, without its `variables`. A page with all fields takes 150, Sandbox's introspection query 300, and 45
 * items written into the document 950. The time to validate a document grows with the square of its length.
 */
export const MAX_TOKENS = 1_000;

/** A cancellation has about 80 fields; this leaves room for five selections of all of them. */
export const MAX_FIELDS = 450;

/** A screen compares a few orders, not hundreds. */
export const MAX_ALIASES = 15;

/** A point stands for ten objects of an answer, or for one query of the database. */
const OBJECTS_PER_POINT = 10;

/** What a field that reads the database declares as its `complexity`, unless it costs more. */
export const QUERY_POINTS = 1;

/** The points of a number of objects. */
export function pointsOf(objects: number): number {
  return Math.ceil(objects / OBJECTS_PER_POINT);
}

/** In points. A page of 100 with all its items and events costs 900. */
export const MAX_COST = 1_000;

/** A live lookup at EBP: four fit into a document, and the default rate limit allows 300 a minute. */
export const LIVE_STATUS_POINTS = 200;

/** A count reads every row that meets the filter: for a million rows 0.1 s, where a page takes a few milliseconds. */
export const COUNT_POINTS = 50;

/** Sums read every row that they add up: up to a second of CPU. Two fit into a document. */
export const STATS_POINTS = 450;

/** Items, events, or items that the lines of orders add up, read for one request: a full page with a hundred lines each. They make an answer of 2 MB. */
export const MAX_CHILDREN = 10_000;

export const DEFAULT_PAGE_SIZE = 20;
/** More would let one query read without bounds. */
export const MAX_PAGE_SIZE = 100;

/** Nobody corrects more at once. graphql-js reports a hundred, which makes a large answer to a small request. */
export const MAX_VALIDATION_ERRORS = 8;

/** Assumed for items, events and other lists without pages. Most are shorter; their length is known only once they are read. */
const LIST_OBJECTS = 10;
/** `__schema` and `__type` count as the whole schema, which is in memory. */
const INTROSPECTION_OBJECTS = 1_000;
const META_FIELDS = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef].map((field) => [field.name, field]),
);
/** The arguments that give the size of a page. */
const SIZES: ReadonlySet<string> = new Set(["first", "last"]);
/** The argument whose length is the size of a list. */
const NAMES = "orderNos";

export interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * What an operation costs at most, in points and at least 1; and what makes it too large to execute. The parser counts tokens.
 *
 * Each fragment is counted where it is spread, and what `@skip` or `@include` leaves out is not. A page counts with its size, pages within
 * pages multiply, and a field counts as often as it is written. A field that reads the database or EBP declares what that costs
 * (`complexity`, in points); a root field that declares nothing costs one query.
 */
export function measure({ schema, document, operation, variables }: Operation): {
  readonly cost: number;
  readonly faults: readonly Text[];
} {
  const root = schema.getRootType(operation.operation);
  const counter = new SizeCounter(schema, fragmentsOf(document), variables, root);
  const { objects, fields, aliases } = root
    ? counter.inSelections(operation.selectionSet, root, null)
    : NOTHING;
  const cost = Math.max(1, pointsOf(objects));
  const faults: Text[] = [];
  // One cancel, one key, one request: then each cancel has its own line in every log. `@skip` and `@include` are ignored: a rule that
  // depends on variables would hold for some requests only.
  if (operation.operation === OperationTypeNode.MUTATION) {
    const names = new Set(rootFieldsOf(document, operation).map(({ alias, name }) => (alias ?? name).value));
    if (names.size > 1) faults.push(({ refusals }) => refusals.severalMutations(names.size));
  }
  if (fields > MAX_FIELDS) faults.push(({ refusals }) => refusals.tooManyFields(fields, MAX_FIELDS));
  if (aliases > MAX_ALIASES) faults.push(({ refusals }) => refusals.tooManyAliases(aliases, MAX_ALIASES));
  if (faults.length === 0 && cost > MAX_COST)
    faults.push(({ refusals }) => refusals.tooCostly(cost, MAX_COST));
  return { cost, faults };
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
    private readonly root: GraphQLNamedType | null | undefined,
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
    const isList = isListType(getNullableType(field.type));
    // A list that takes the size of its page itself uses it up: lists below it have lengths of their own.
    const inner = node.selectionSet
      ? this.inSelections(node.selectionSet, getNamedType(field.type), isList ? null : size)
      : NOTHING;
    const count = isList ? (size ?? page ?? LIST_OBJECTS) : 1;
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
    return type === this.root ? QUERY_POINTS * OBJECTS_PER_POINT : 0;
  }

  /**
   * Null for a field without pages. A size out of range is refused when the field is resolved, and reads nothing. Other arguments
   * are not read: executing the field reports those that do not fit.
   */
  #pageSize(field: GraphQLField<unknown, unknown>, node: FieldNode): number | null {
    const names = node.arguments?.find(({ name }) => name.value === NAMES);
    if (names !== undefined) {
      const value: unknown = valueFromASTUntyped(names.value, this.variables);
      return Array.isArray(value) ? Math.min(value.length, MAX_PAGE_SIZE) : 1;
    }
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

/** Also what `@skip` and `@include` leave out: it could have been asked for. Not `__typename` and the like, which are about no store. */
export function rootFieldsOf(document: DocumentNode, { selectionSet }: OperationDefinitionNode): FieldNode[] {
  const fragments = fragmentsOf(document);
  function fieldsIn({ selections }: SelectionSetNode): FieldNode[] {
    return selections.flatMap((node): FieldNode[] => {
      if (node.kind === Kind.FIELD) return node.name.value.startsWith("__") ? [] : [node];
      if (node.kind === Kind.INLINE_FRAGMENT) return fieldsIn(node.selectionSet);
      const fragment = fragments.get(node.name.value);
      // It adds nothing the second time.
      fragments.delete(node.name.value);
      return fragment === undefined ? [] : fieldsIn(fragment.selectionSet);
    });
  }
  return fieldsIn(selectionSet);
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
}
