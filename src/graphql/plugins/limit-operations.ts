import type { ApolloServerPlugin } from "@apollo/server";
import { HeaderMap } from "@apollo/server";
import { OperationTypeNode, type GraphQLError } from "graphql";
import { rootFieldsOf } from "../asked-fields.js";
import type { GraphQLContext } from "../context.js";
import { refusal } from "../refusal.js";
import { MAX_ALIASES, MAX_COST, MAX_FIELDS } from "./limits.js";
import { sizeOf, type Operation } from "./operation-size.js";
import { coerceVariables } from "./value-errors.js";

/** Refuses variables that do not fit, and an operation beyond the limits, before anything of it is executed. */
export function limitOperations(options: {
  readonly namesSchema: boolean;
}): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () => {
      let errors: readonly GraphQLError[] = [];
      return Promise.resolve({
        didResolveOperation({ schema, document, operation, request, contextValue }) {
          if (operation === undefined) return Promise.resolve();
          const coerced = coerceVariables(schema, operation, request.variables ?? {}, options.namesSchema);
          ({ errors } = coerced);
          contextValue.cost = 1;
          if (errors.length > 0) return Promise.resolve();
          const { cost, faults } = measure({ schema, document, operation, variables: coerced.values });
          if (faults.length > 0) throw refusal("QUERY_TOO_COMPLEX", 400, faults.join(" "));
          contextValue.cost = cost;
          return Promise.resolve();
        },
        // Only here can several errors be answered at once.
        responseForOperation() {
          if (errors.length === 0) return Promise.resolve(null);
          return Promise.resolve({
            http: { status: 400, headers: new HeaderMap() },
            body: { kind: "single", singleResult: { errors: errors.map((error) => error.toJSON()) } },
          });
        },
      });
    },
  };
}

/** What an operation costs, and what makes it too large to execute. The parser counts tokens. */
export function measure(operation: Operation): { readonly cost: number; readonly faults: string[] } {
  const { cost, fields, aliases } = sizeOf(operation);
  const faults = mutationFaults(operation);
  if (fields > MAX_FIELDS)
    faults.push(
      `The document has ${fields} fields, each fragment counted where it is spread; at most ${MAX_FIELDS} are allowed.`,
    );
  if (aliases > MAX_ALIASES)
    faults.push(`The document has ${aliases} aliases; at most ${MAX_ALIASES} are allowed.`);
  if (faults.length === 0 && cost > MAX_COST)
    faults.push(
      `This costs ${cost} points; at most ${MAX_COST} are allowed. Ask for smaller pages, or for fewer lists in them.`,
    );
  return { cost, faults };
}

/**
 * One cancel, one key, one request: then each cancel has its own line in every log. `@skip` and `@include` are ignored: a rule that
 * depends on variables would hold for some requests only.
 */
function mutationFaults({ document, operation }: Operation): string[] {
  if (operation.operation !== OperationTypeNode.MUTATION) return [];
  const names = rootFieldsOf(document, operation).map(({ alias, name }) => (alias ?? name).value);
  const mutations = new Set(names).size;
  if (mutations <= 1) return [];
  return [
    `The document has ${mutations} mutations; a request may make 1. Send each in a request of its own.`,
  ];
}
