import { BREAK, Kind, parse, visit, type ASTNode, type DocumentNode, type Source } from "graphql";

/** A document may have a hundred errors. */
const DOCUMENTS = new WeakMap<Source, DocumentNode>();

/**
 * Where a literal stands: the argument, the input fields and the places in lists around it, such as `input.items.2.amount`.
 * An error knows its node and not what is around it, so the document is read once more. Empty when the node is not from a document.
 */
export function literalPath(node: ASTNode): string {
  if (node.loc === undefined) return "";
  const { start, source } = node.loc;
  let names: string[] = [];
  visit(documentOf(source), {
    enter(visited, _key, parent, path, ancestors) {
      const { loc } = visited;
      if (loc !== undefined && (loc.start > start || loc.end <= start)) return false;
      if (visited.kind !== node.kind || loc?.start !== start) return undefined;
      const around = [...ancestors, parent];
      names = path.flatMap((key, depth) => nameOf(around[depth], key, path[depth - 1]));
      return BREAK;
    },
  });
  return names.join(".");
}

function documentOf(source: Source): DocumentNode {
  const document = DOCUMENTS.get(source) ?? parse(source);
  DOCUMENTS.set(source, document);
  return document;
}

function nameOf(
  around: ASTNode | readonly ASTNode[] | undefined,
  key: string | number,
  keyBefore: string | number | undefined,
): string[] {
  if (around === undefined) return [];
  if ("length" in around) return keyBefore === "values" ? [String(key)] : [];
  if (around.kind === Kind.ARGUMENT || around.kind === Kind.OBJECT_FIELD) return [around.name.value];
  return around.kind === Kind.VARIABLE_DEFINITION ? [around.variable.name.value] : [];
}
