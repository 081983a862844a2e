import { CANCELLATION_FIELDS } from "./operations.js";
import type { GraphQLAnswer, TestReplica, TestService } from "./service.js";

export const IN_DOUBT_FIELDS = `${CANCELLATION_FIELDS} inDoubtSince inDoubtSeconds lookups nextCheckAt nextStep`;

const ERRORS = `userErrors {
  __typename code message field nextAction
  ... on NotInDoubtError { status }
  ... on OutcomeUnknownError { cancellation { id } }
  ... on CancelInProgressError { cancellation { id } }
}`;

const READ = `query ($id: ID!) { cancellation(id: $id) { ${IN_DOUBT_FIELDS} } }`;
const RESOLVE = `mutation ($input: ResolveCancellationInput!) {
  resolveCancellation(input: $input) { cancellation { ${IN_DOUBT_FIELDS} } ${ERRORS} }
}`;
const REFRESH = `mutation ($id: ID!) {
  refreshCancellation(id: $id) { cancellation { ${IN_DOUBT_FIELDS} } ${ERRORS} }
}`;

type Headers = Record<string, string>;
type Api = Pick<TestReplica, "graphql">;

export async function read(service: Api, id: string, headers?: Headers): Promise<any> {
  return noErrors(await service.graphql(READ, { id }, headers)).cancellation;
}

/** Calls `resolveCancellation` and returns its payload; fails on a top-level error. */
export async function resolve(service: Api, input: object, headers?: Headers): Promise<any> {
  return noErrors(await service.graphql(RESOLVE, { input }, headers)).resolveCancellation;
}

export function tryResolve(service: Api, input: object, headers?: Headers): Promise<GraphQLAnswer> {
  return service.graphql(RESOLVE, { input }, headers);
}

/** Calls `refreshCancellation` and returns its payload; fails on a top-level error. */
export async function refresh(service: Api, id: string, headers?: Headers): Promise<any> {
  return noErrors(await service.graphql(REFRESH, { id }, headers)).refreshCancellation;
}

export function tryRefresh(service: Api, id: string, headers?: Headers): Promise<GraphQLAnswer> {
  return service.graphql(REFRESH, { id }, headers);
}

/** What an order comes to. */
export async function orderTotals(service: Api, orderNo: string): Promise<any> {
  const query = "query ($orderNo: String!) { order(orderNo: $orderNo) { cancelledTotal inDoubtTotal } }";
  return noErrors(await service.graphql(query, { orderNo })).order;
}

interface Trail {
  readonly events: readonly { readonly from: string | null; readonly to: string; readonly source: string }[];
}

export function stepsOf({ events }: Trail): string[] {
  return events.map(({ from, to, source }) => `${from ?? "nothing"} → ${to} by ${source}`);
}

/** Lets later time pass until nothing is due any more. */
export async function settle(service: TestService, interval = "1 hour"): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await service.letTimePass(interval);
    await service.reconcile();
  }
}

function noErrors({ data, errors }: GraphQLAnswer): any {
  if (errors !== undefined) throw new Error(`unexpected errors: ${JSON.stringify(errors)}`);
  return data;
}
