import {
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_FIELDS, MAX_INTROSPECTION_DEPTH } from "./limits.js";

/** A message says "more than" beyond this number: fragments within fragments reach numbers of fifty digits. */
const LARGEST_NUMBER_SHOWN = 100_000;

/** What makes an operation too large to execute, whatever its variables; empty when nothing does. */
export function documentFaults(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  const { depth, introspectionDepth, fields, aliases, directives } = sizeOf(document, operation);
  return [
    ...fault(depth, MAX_DEPTH, (found) => `is nested ${found} fields deep`),
    ...fault(
      introspectionDepth,
      MAX_INTROSPECTION_DEPTH,
      (found) => `asks for the schema ${found} fields deep`,
    ),
    ...fault(fields, MAX_FIELDS, (found) => `has ${found} fields, each fragment counted where it is spread`),
    ...fault(aliases, MAX_ALIASES, (found) => `has ${found} aliases`),
    ...fault(directives, MAX_DIRECTIVES, (found) => `has ${found} directives`),
    ...mutationFaults(document, operation),
  ];
}

function fault(found: number, limit: number, describe: (found: string) => string): string[] {
  if (found <= limit) return [];
  const number = found > LARGEST_NUMBER_SHOWN ? `more than ${LARGEST_NUMBER_SHOWN}` : String(found);
  return [`The document ${describe(number)}; at most ${limit} are allowed.`];
}

/** One cancel, one key, one request: then each cancel has its own line in every log. */
function mutationFaults(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  if (operation.operation !== OperationTypeNode.MUTATION) return [];
  const mutations = responseNamesOf(operation.selectionSet, fragmentsOf(document)).size;
  if (mutations <= 1) return [];
  return [
    `The document has ${mutations} mutations; a request may make 1. Send each in a request of its own.`,
  ];
}

/** The size of an operation once its fragments stand where they are spread. */
export interface DocumentSize {
  /** Fields within fields; what is below `__schema` and `__type` counts in `introspectionDepth` instead. */
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly fields: number;
  readonly aliases: number;
  /** Of the whole document, also of parts that are not executed: validation reads them all. */
  readonly directives: number;
}

type SelectionSize = Omit<DocumentSize, "directives">;

const NOTHING: SelectionSize = { depth: 0, introspectionDepth: 0, fields: 0, aliases: 0 };

export function sizeOf(document: DocumentNode, operation: OperationDefinitionNode): DocumentSize {
  const size = new SelectionMeter(fragmentsOf(document)).measure(operation.selectionSet);
  let directives = 0;
  visit(document, { Directive: () => void (directives += 1) });
  return { ...size, directives };
}

class SelectionMeter {
  /** Each fragment is measured once: thirty fragments that each spread the next one twice would make a billion fields. */
  readonly #known = new Map<string, SelectionSize>();

  constructor(private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>) {}

  measure({ selections }: SelectionSetNode): SelectionSize {
    return selections.map((selection) => this.#measureOne(selection)).reduce(add, NOTHING);
  }

  #measureOne(node: SelectionNode): SelectionSize {
    if (node.kind === Kind.INLINE_FRAGMENT) return this.measure(node.selectionSet);
    if (node.kind === Kind.FRAGMENT_SPREAD) return this.#measureFragment(node.name.value);
    const inner = node.selectionSet ? this.measure(node.selectionSet) : NOTHING;
    const own = { fields: inner.fields + 1, aliases: inner.aliases + (node.alias ? 1 : 0) };
    return node.name.value === "__schema" || node.name.value === "__type"
      ? { ...own, depth: 1, introspectionDepth: 1 + inner.depth }
      : { ...own, depth: 1 + inner.depth, introspectionDepth: inner.introspectionDepth };
  }

  #measureFragment(name: string): SelectionSize {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const fragment = this.fragments.get(name);
    if (fragment === undefined) return NOTHING;
    // Validation refuses a fragment within itself. This only keeps the walk from going round forever.
    this.#known.set(name, NOTHING);
    const size = this.measure(fragment.selectionSet);
    this.#known.set(name, size);
    return size;
  }
}

function add(one: SelectionSize, other: SelectionSize): SelectionSize {
  return {
    depth: Math.max(one.depth, other.depth),
    introspectionDepth: Math.max(one.introspectionDepth, other.introspectionDepth),
    fields: one.fields + other.fields,
    aliases: one.aliases + other.aliases,
  };
}

/**
 * The names under which the fields of a selection are answered, without `__typename`. `@skip` and `@include` are ignored: a rule
 * that depends on variables would hold for some requests only. Takes each fragment out of `fragments` as it is read.
 */
function responseNamesOf(
  { selections }: SelectionSetNode,
  fragments: Map<string, FragmentDefinitionNode>,
  names = new Set<string>(),
): ReadonlySet<string> {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      if (node.name.value !== "__typename") names.add((node.alias ?? node.name).value);
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      responseNamesOf(node.selectionSet, fragments, names);
    } else {
      const fragment = fragments.get(node.name.value);
      fragments.delete(node.name.value);
      if (fragment !== undefined) responseNamesOf(fragment.selectionSet, fragments, names);
    }
  }
  return names;
}

export function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
}
