import { OperationTypeNode, type DocumentNode, type OperationDefinitionNode } from "graphql";
import { sizeOf } from "./document-size.js";
import { MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_FIELDS, MAX_INTROSPECTION_DEPTH } from "./limits.js";
import { rootFieldsOf } from "./root-fields.js";

/** Beyond this, by how much is told no more: fragments within fragments reach numbers of fifty digits. */
const MOST_TOLD = 100_000;

/** What stands against executing an operation, whatever its variables; empty when nothing does. */
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

function fault(found: number, limit: number, told: (found: string) => string): string[] {
  if (found <= limit) return [];
  const number = found > MOST_TOLD ? `more than ${MOST_TOLD}` : String(found);
  return [`The document ${told(number)}; at most ${limit} are allowed.`];
}

/** One cancel, one key, one request: several at once would be one line in every log, and one slip of a finger. */
function mutationFaults(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  if (operation.operation !== OperationTypeNode.MUTATION) return [];
  const mutations = rootFieldsOf(document, operation).size;
  if (mutations <= 1) return [];
  return [
    `The document has ${mutations} mutations; a request may make 1. Send each in a request of its own.`,
  ];
}
