import {
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { fragmentsOf } from "./fragments-of.js";

/** How large an operation is once its fragments stand where they are spread. */
export interface DocumentSize {
  /** Fields within fields; what is below `__schema` and `__type` counts in `introspectionDepth` instead. */
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly fields: number;
  readonly aliases: number;
  /** Of the whole document, also where nothing is executed: each has been validated. */
  readonly directives: number;
}

type SelectionSize = Omit<DocumentSize, "directives">;

const NOTHING: SelectionSize = { depth: 0, introspectionDepth: 0, fields: 0, aliases: 0 };

export function sizeOf(document: DocumentNode, operation: OperationDefinitionNode): DocumentSize {
  const fragments = fragmentsOf(document);
  const size = new SelectionMeter(fragments).measure(operation.selectionSet);
  return { ...size, directives: countDirectives(document) };
}

class SelectionMeter {
  /** Each fragment is measured once: of those that spread another twice, thirty would make a thousand million fields. */
  readonly #known = new Map<string, SelectionSize>();

  constructor(private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>) {}

  measure({ selections }: SelectionSetNode): SelectionSize {
    return selections.map((selection) => this.#measureOne(selection)).reduce(beside, NOTHING);
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
    // A fragment within itself is refused by validation; here it only must not go round for ever.
    this.#known.set(name, NOTHING);
    const size = this.measure(fragment.selectionSet);
    this.#known.set(name, size);
    return size;
  }
}

function beside(one: SelectionSize, other: SelectionSize): SelectionSize {
  return {
    depth: Math.max(one.depth, other.depth),
    introspectionDepth: Math.max(one.introspectionDepth, other.introspectionDepth),
    fields: one.fields + other.fields,
    aliases: one.aliases + other.aliases,
  };
}

function countDirectives(document: DocumentNode): number {
  let count = 0;
  visit(document, {
    Directive: () => {
      count += 1;
    },
  });
  return count;
}
