import {
  Kind,
  valueFromASTUntyped,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { fragmentsOf } from "./plugins/limits/document-limits.js";

/** A root field that an operation asks for. */
export interface AskedField {
  readonly name: string;
  /** The store that it names, not checked in any way; null when it names none. */
  readonly storeId: string | null;
}

/** Where a root field may name its store: `storeId`, or that of `input` or `filter`. */
const HOLDERS: ReadonlySet<string> = new Set(["input", "filter"]);

/** Also what `@skip` and `@include` leave out: it could have been asked for. Not `__typename` and the like, which are about no store. */
export function askedFieldsOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): AskedField[] {
  const values = { ...defaultsOf(operation), ...variables };
  return fieldsIn(operation.selectionSet, fragmentsOf(document))
    .filter(({ name }) => !name.value.startsWith("__"))
    .map((field) => ({ name: field.name.value, storeId: storeIdOf(field, values) }));
}

/** Takes each fragment out of `fragments` as it is read: it adds nothing the second time. */
function fieldsIn(
  { selections }: SelectionSetNode,
  fragments: Map<string, FragmentDefinitionNode>,
): FieldNode[] {
  return selections.flatMap((node): FieldNode[] => {
    if (node.kind === Kind.FIELD) return [node];
    if (node.kind === Kind.INLINE_FRAGMENT) return fieldsIn(node.selectionSet, fragments);
    const fragment = fragments.get(node.name.value);
    fragments.delete(node.name.value);
    return fragment === undefined ? [] : fieldsIn(fragment.selectionSet, fragments);
  });
}

function storeIdOf(field: FieldNode, variables: Readonly<Record<string, unknown>>): string | null {
  for (const { name, value } of field.arguments ?? []) {
    const isHolder = HOLDERS.has(name.value);
    if (!isHolder && name.value !== "storeId") continue;
    const given = valueFromASTUntyped(value, variables);
    const storeId = onlyOne(isHolder ? storeIdIn(given) : given);
    if (typeof storeId === "string") return storeId;
  }
  return null;
}

/** A filter takes one or several; of several it is in none's name. */
function onlyOne(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? (value as unknown[])[0] : value;
}

function storeIdIn(value: unknown): unknown {
  return typeof value === "object" && value !== null ? (value as { storeId?: unknown }).storeId : undefined;
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)] as const],
    ),
  );
}
