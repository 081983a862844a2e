import type { GraphQLContext } from "../context.js";

export type OncePerRequest<Ask extends (...args: never[]) => unknown> = (
  context: GraphQLContext,
  ...args: Parameters<Ask>
) => ReturnType<Ask>;

/** Asks once for the same, however often one request asks for it; the next request asks anew. */
export function oncePerRequest<Args extends string[], Found>(
  ask: (...args: Args) => Promise<Found>,
): (context: GraphQLContext, ...args: Args) => Promise<Found> {
  const asked = new WeakMap<GraphQLContext, Map<string, Promise<Found>>>();
  return (context, ...args) => {
    const known = asked.get(context) ?? new Map<string, Promise<Found>>();
    asked.set(context, known);
    const key = JSON.stringify(args);
    const found = known.get(key) ?? ask(...args);
    known.set(key, found);
    return found;
  };
}
