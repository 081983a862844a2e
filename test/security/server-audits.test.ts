import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { serverAudits, type AuditResult } from "graphql-http";
import { startProductionService, type ProductionService } from "../helpers/production-service.js";

/**
 * "GraphQL over HTTP" wants documents and variables that are wrong answered with 200 to whoever takes `application/json`, for the sake
 * of old clients, and with 400 to whoever takes `application/graphql-response+json`. Here it is 400 to both, as Apollo Server has it:
 * nothing was executed, and proxies, metrics and callers who look at the status alone are told so. The body is the same.
 */
const REFUSED_WITH_400 = ["warn 572B", "warn FDE2", "warn 7B9B"];

/** Without a header that a page of another site cannot send, a GET is blocked as a forgery. */
const GET_WITHOUT_PREFLIGHT = ["notice 5A70", "notice D6D5", "notice 6A70"];

/** These audits ask for `__type`, which is refused where the schema is not told. What they are about is the same elsewhere. */
const ASKS_FOR_THE_SCHEMA = ["error BF61", "error 28B9", "warn 2EA1", "notice D6D5", "notice 6A70"];

let production: ProductionService;
afterAll(() => production.close());

/** The audits that are not passed, in the order of their names. */
async function audited(more: Record<string, string>): Promise<string[]> {
  const audits = serverAudits({
    url: `${production.service.url}/graphql`,
    fetchFn: (url: string, request: RequestInit = {}) =>
      fetch(url, {
        ...request,
        headers: {
          ...production.headers,
          ...more,
          ...(request.headers as Record<string, string> | undefined),
        },
      }),
  });
  // As many as there were when the explanations above were written: fewer would pass by not asking.
  expect(audits).toHaveLength(61);
  const results: AuditResult[] = await Promise.all(audits.map((audit) => audit.fn()));
  return results
    .filter(({ status }) => status !== "ok")
    .map(({ status, id }) => `${status} ${id}`)
    .sort();
}

describe("GraphQL over HTTP, where the schema is told:", () => {
  beforeAll(async () => {
    production = await startProductionService({ GRAPHQL_INTROSPECTION: "on" });
  });

  test("no errors; every warning is explained above", async () => {
    expect(await audited({ "apollo-require-preflight": "1" })).toEqual([...REFUSED_WITH_400].sort());
  });

  test("nor without the header that a GET needs", async () => {
    expect(await audited({})).toEqual([...REFUSED_WITH_400, ...GET_WITHOUT_PREFLIGHT].sort());
  });

  test("as in production, where it is not told, but for the audits that ask for it", async () => {
    await production.service.restart({ GRAPHQL_INTROSPECTION: "off" });
    expect(await audited({ "apollo-require-preflight": "1" })).toEqual(
      [...REFUSED_WITH_400, ...ASKS_FOR_THE_SCHEMA].sort(),
    );
  });
});
