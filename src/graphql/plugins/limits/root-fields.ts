import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { fragmentsOf } from "./fragments-of.js";

/**
 * The names under which an operation's root fields are answered, through fragments, and whatever `@skip` and `@include` say: a
 * rule that depends on variables would hold for some of them only. Not `__typename`, which does nothing.
 */
export function rootFieldsOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): ReadonlySet<string> {
  const fragments = fragmentsOf(document);
  const names = new Set<string>();
  collect(operation.selectionSet, fragments, names);
  return names;
}

/** Takes each fragment out of `fragments` as it is read. */
function collect(
  { selections }: SelectionSetNode,
  fragments: Map<string, FragmentDefinitionNode>,
  names: Set<string>,
): void {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      if (node.name.value !== "__typename") names.add((node.alias ?? node.name).value);
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      collect(node.selectionSet, fragments, names);
    } else {
      const fragment = fragments.get(node.name.value);
      fragments.delete(node.name.value);
      if (fragment !== undefined) collect(fragment.selectionSet, fragments, names);
    }
  }
}
