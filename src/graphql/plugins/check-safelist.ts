import {
  type GraphQLError,
  Kind,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from "graphql";
import type { PersistedOperation } from "../../cancellation/model/persisted-operation.js";
import { documentFaults } from "./limits/document-faults.js";
import { costFaults } from "./limits/limit-operations.js";
import { MAX_TOKENS } from "./limits/limits.js";

/** A list with operations that could never be answered: better known at the start than from the first caller. */
export class SafelistError extends Error {
  override readonly name = "SafelistError";

  constructor(readonly faults: readonly string[]) {
    super(`PERSISTED_OPERATIONS cannot be used:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  }
}

/** @throws SafelistError that names every operation which does not fit the schema or is beyond the limits. */
export function checkSafelist(schema: GraphQLSchema, operations: readonly PersistedOperation[]): void {
  const faults = operations.flatMap(({ id, name, body }) =>
    faultsOf(schema, body).map((fault) => `${name === id ? id : `${name} (${id})`}: ${fault}`),
  );
  if (faults.length > 0) throw new SafelistError(faults);
}

function faultsOf(schema: GraphQLSchema, body: string): string[] {
  let document: DocumentNode;
  try {
    document = parse(body, { maxLexicalTokens: MAX_TOKENS });
  } catch (error) {
    return [(error as GraphQLError).message];
  }
  const invalid = validate(schema, document, specifiedRules);
  if (invalid.length > 0) return invalid.map(({ message }) => message);
  return document.definitions
    .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
    .flatMap((operation) => {
      const faults = documentFaults(document, operation);
      // By the defaults of its variables: what a caller puts there is costed when it asks.
      return faults.length > 0
        ? faults
        : costFaults({ schema, document, operationName: operation.name?.value });
    });
}
