import {
  Kind,
  valueFromASTUntyped,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

/** A root field that an operation asks for. */
export interface AskedField {
  readonly name: string;
  /** The store that it names, not checked in any way; null when it names none. */
  readonly storeId: string | null;
}

/** The store of each root field of an operation, for the caller's limits. */
export function askedFieldsOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): AskedField[] {
  const defaults = (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
    defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)] as const],
  );
  const values = { ...Object.fromEntries(defaults), ...variables };
  return rootFieldsOf(document, operation).map((field) => ({
    name: field.name.value,
    storeId: storeIdOf(field, values),
  }));
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

/** A root field names its store in `storeId`, or in that of `input` or `filter`. */
function storeIdOf(field: FieldNode, variables: Readonly<Record<string, unknown>>): string | null {
  for (const { name, value } of field.arguments ?? []) {
    const given: unknown = valueFromASTUntyped(value, variables);
    const isHolder = name.value === "input" || name.value === "filter";
    if (!isHolder && name.value !== "storeId") continue;
    const storeId = isHolder ? (given as { storeId?: unknown } | null | undefined)?.storeId : given;
    // A filter takes several, and is then in no store's name.
    const only: unknown = Array.isArray(storeId) && storeId.length === 1 ? storeId[0] : storeId;
    if (typeof only === "string") return only;
  }
  return null;
}

export function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
}
