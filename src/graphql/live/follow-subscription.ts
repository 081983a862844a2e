import {
  createSourceEventStream,
  execute,
  GraphQLError,
  Kind,
  type ExecutionResult,
  type GraphQLSchema,
} from "graphql";
import type { CancellationHistory } from "../../cancellation/history/history.js";
import { createContext } from "../context.js";
import type { AskedSubscription } from "./ask-subscription.js";

export interface FollowParts {
  readonly schema: GraphQLSchema;
  readonly history: CancellationHistory;
}

export type Followed =
  { readonly results: AsyncGenerator<ExecutionResult> } | { readonly errors: readonly GraphQLError[] };

/** What a subscription is answered, one result for each event; or why it is not. */
export async function followSubscription(
  { schema, history }: FollowParts,
  { document, operationName, variables, context }: AskedSubscription,
  /** Resolves when the next event may be read; to false when nobody waits for it any more. */
  isNext: () => Promise<boolean>,
): Promise<Followed> {
  const asked = { schema, document, operationName, variableValues: variables };
  const source = await createSourceEventStream({ ...asked, contextValue: context });
  return Symbol.asyncIterator in source
    ? { results: results(source) }
    : { errors: (source.errors ?? []).map(withCode) };

  async function* results(events: AsyncIterable<unknown>): AsyncGenerator<ExecutionResult> {
    for await (const rootValue of events) {
      if (!(await isNext())) return;
      // Each with loaders of its own: those of the last event remember what was so then.
      const contextValue = createContext(context, history);
      yield await execute({ ...asked, rootValue, contextValue });
    }
  }
}

/** Variables that do not fit: graphql-js gives them no code. */
function withCode(error: GraphQLError): GraphQLError {
  const { message, nodes, originalError, extensions } = error;
  const isAboutVariables = nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION && extensions["code"] === undefined;
  if (!isAboutVariables) return error;
  return new GraphQLError(message, { nodes, originalError, extensions: { code: "BAD_USER_INPUT" } });
}
