import { createHash } from "node:crypto";
import {
  OperationTypeNode,
  valueFromASTUntyped,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
} from "graphql";
import type { Caller, ChargePenalty, TakePoints } from "../../cancellation/model/caller.js";
import type { GraphQLContext } from "../context.js";
import { refusal } from "./errors.js";
import { rootFieldsOf } from "./limits.js";

export interface RateLimitDependencies {
  readonly mutationsPerMinute: number;
  readonly queryCostPerMinute: number;
  readonly takeMutations: TakePoints;
  readonly takeQueryCost: TakePoints;
  readonly penaliseMutations: ChargePenalty;
  readonly penaliseQueryCost: ChargePenalty;
  /** Called for each request that is refused. */
  readonly onLimited: (what: "mutation" | "query") => void;
}

/** How many mutations each field counts as. */
const MUTATION_POINTS = new Map([
  ["cancelPayment", 1],
  // A query, but it answers what `cancelPayment` would.
  ["cancelPaymentPreview", 1],
  // It asks EBP each time. Nobody needs it in a hurry: recovery looks up unknown outcomes by itself.
  ["refreshCancellation", 10],
  // A person decides a few in a minute.
  ["resolveCancellation", 10],
]);
const HIGHEST_POINTS = Math.max(...MUTATION_POINTS.values());

/** The penalty for using a key again for another request: it slows down who tries refund accounts until one matches. */
const REUSED_KEY_PENALTY = 10;

/** A mutation without an entry in the table counts as the most expensive one; a query without an entry as none. */
export function mutationPoints(field: string, isMutation: boolean): number {
  return MUTATION_POINTS.get(field) ?? (isMutation ? HIGHEST_POINTS : 0);
}

/**
 * The bucket that a request is counted in: the caller, and the one store that all of its fields name. Where they name none, several,
 * or a store that is not the caller's, the bucket is all of the caller's stores together: made-up ids give nobody another bucket.
 * A hash, so that keys have one length and the counters hold no caller's name.
 */
export function rateLimitBucket(caller: Caller, fields: readonly AskedField[]): string {
  const named = new Set(fields.map(({ storeId }) => storeId));
  const [only = null] = named;
  const isOwn = only !== null && named.size === 1 && caller.storeIds.includes(only);
  const stores = isOwn ? [only] : [...caller.storeIds].sort();
  return createHash("sha256")
    .update(JSON.stringify([caller.subject, stores]))
    .digest("base64url");
}

/** What an operation was charged. */
export interface Charge {
  readonly bucket: string;
  /** Null for a mutation. */
  readonly cost: number | null;
}

/**
 * Charges an operation to its caller and store, before anything of it is executed.
 * @throws GraphQLError for what is beyond the limits of a minute.
 */
export async function chargeOperation(
  dependencies: RateLimitDependencies,
  { caller, cost }: GraphQLContext,
  { operation }: OperationDefinitionNode,
  fields: readonly AskedField[],
): Promise<Charge> {
  const bucket = rateLimitBucket(caller, fields);
  const isMutation = operation === OperationTypeNode.MUTATION;
  const mutations = fields.reduce((sum, { name }) => sum + mutationPoints(name, isMutation), 0);
  if (mutations > 0) await chargeMutations(dependencies, bucket, mutations);
  if (!isMutation) await chargeQuery(dependencies, bucket, cost);
  return { bucket, cost: isMutation ? null : cost };
}

/** Charges what came to light while the operation was executed. */
export async function chargePenalties(
  dependencies: RateLimitDependencies,
  { bucket, cost }: Charge,
  { loaders, reusedKeys }: GraphQLContext,
): Promise<void> {
  // Lists without pages may have been longer than the cost assumed.
  const more = cost === null ? 0 : loaders().pointsRead - cost;
  if (more > 0) await dependencies.penaliseQueryCost(bucket, more);
  if (reusedKeys > 0) await dependencies.penaliseMutations(bucket, reusedKeys * REUSED_KEY_PENALTY);
}

async function chargeMutations(
  { mutationsPerMinute, takeMutations, onLimited }: RateLimitDependencies,
  bucket: string,
  points: number,
): Promise<void> {
  if (points > mutationsPerMinute)
    throw refusal("BAD_REQUEST", 400, ({ refusals }) => refusals.mutationsNever(points, mutationsPerMinute));
  const taken = await takeMutations(bucket, points);
  if (taken.allowed) return;
  onLimited("mutation");
  throw refusal(
    "RATE_LIMITED",
    429,
    ({ refusals }) => refusals.mutationsLimited(points, mutationsPerMinute, taken.retryAfterSeconds),
    taken.retryAfterSeconds,
  );
}

async function chargeQuery(
  { queryCostPerMinute, takeQueryCost, onLimited }: RateLimitDependencies,
  bucket: string,
  points: number,
): Promise<void> {
  if (points > queryCostPerMinute)
    throw refusal("BAD_REQUEST", 400, ({ refusals }) => refusals.queryNever(points, queryCostPerMinute));
  const taken = await takeQueryCost(bucket, points);
  if (taken.allowed) return;
  onLimited("query");
  throw refusal(
    "RATE_LIMITED",
    429,
    ({ refusals }) => refusals.queryLimited(points, queryCostPerMinute, taken.retryAfterSeconds),
    taken.retryAfterSeconds,
  );
}

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

/** A root field names its store in `storeId`, or in that of `input` or `filter`. */
function storeIdOf(field: FieldNode, variables: Readonly<Record<string, unknown>>): string | null {
  for (const { name, value } of field.arguments ?? []) {
    const given: unknown = valueFromASTUntyped(value, variables);
    const isHolder = name.value === "input" || name.value === "filter";
    if (!isHolder && name.value !== "storeId") continue;
    const { storeId, storeIds } = (isHolder ? (given ?? {}) : { storeId: given }) as Record<string, unknown>;
    // A filter takes several, and is then in no store's name. GraphQL takes a single value for a list of one.
    const named: unknown[] = [storeIds ?? storeId].flat();
    if (named.length === 1 && typeof named[0] === "string") return named[0];
  }
  return null;
}
