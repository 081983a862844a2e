import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { getIntrospectionQuery } from "graphql";
import { serverAudits, type AuditResult } from "graphql-http";
import { startProductionService, type ProductionService } from "../helpers/production-service.js";

/** What graphql-cop looks for, in our own words, against the service as production runs it. */
let production: ProductionService;
beforeAll(async () => {
  production = await startProductionService();
});
afterAll(() => production.close());

const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(" ");
const REFRESH =
  'mutation { refreshCancellation(id: "01a20241-82ea-7279-8944-e96e9036c6e3") { userErrors { code } } }';

function get(search: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return production.fetch(`/graphql?${new URLSearchParams(search).toString()}`, { headers });
}

function post(body: string, contentType: string, more: Record<string, string> = {}): Promise<Response> {
  return production.fetch("/graphql", {
    method: "POST",
    headers: { "content-type": contentType, ...more },
    body,
  });
}

test("the caller of these checks is let in", async () => {
  const { status, data } = await production.graphql("{ cancellations { totalCount } }");
  expect({ status, data }).toEqual({ status: 200, data: { cancellations: { totalCount: 0 } } });
});

describe("floods", () => {
  test("1. alias overloading: a hundred aliases of one field are refused", async () => {
    const { status, data, errors } = await production.graphql(
      `{ ${times(101, (i) => `alias${i}: __typename`)} }`,
    );
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors?.[0].message).toBe("The document has 101 aliases; at most 15 are allowed.");
  });

  test("2. batching: an array of operations is refused whole", async () => {
    const response = await post(
      JSON.stringify(Array.from({ length: 10 }, () => ({ query: "{ __typename }" }))),
      "application/json",
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [{ message: "Operation batching disabled.", extensions: { code: "BAD_REQUEST" } }],
    });
  });

  test("3. directive overloading: 500 directives on one field are not answered one by one", async () => {
    const { status, data, errors } = await production.graphql(`{ __typename ${times(500, () => "@aa")} }`);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors?.length).toBeLessThan(10);
  });

  test("4. circular introspection: types of fields of types are not told", async () => {
    const circular =
      "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }";
    const { status, data, errors } = await production.graphql(circular);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors?.[0].message).toMatch(/introspection/u);
  });

  test("5. field duplication: the same field five hundred times over is refused", async () => {
    const { status, data, errors } = await production.graphql(`{ ${times(500, () => "__typename")} }`);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors?.[0].message).toMatch(/^The document has 500 fields/u);
  });
});

describe("what is given away", () => {
  test.each([
    ["a field", "{ cancelations { totalCount } }", undefined],
    ["an argument", '{ cancellation(uuid: "1", id: "2") { id } }', undefined],
    ["a type", "query ($a: CancelationFilter) { cancellations(filter: $a) { totalCount } }", undefined],
    ["a type of a fragment", '{ node(id: "1") { ... on Cancelation { id } } }', undefined],
    [
      "an input field in the document",
      "{ cancellations(filter: { status: [FAILED] }) { totalCount } }",
      undefined,
    ],
    [
      "an input field in the variables",
      "query ($f: CancellationFilter) { cancellations(filter: $f) { totalCount } }",
      { f: { status: ["FAILED"] } },
    ],
  ])("6. suggestions: a near miss of %s is not helped", async (_what, query, variables) => {
    const { status, errors, text } = await production.graphql(query, variables);
    expect(status).toBe(400);
    expect(errors?.[0].message).not.toBe("");
    expect(text).not.toMatch(/did you mean|its fields are/iu);
  });

  // A form that offers a choice has them anyway, and whoever sends a wrong one needs to know.
  test.each([
    ["the document", "{ cancellations(filter: { statuses: [FALED] }) { totalCount } }", {}],
    [
      "the variables",
      "query ($f: CancellationFilter) { cancellations(filter: $f) { totalCount } }",
      { f: { statuses: ["FALED"] } },
    ],
  ])(
    "6. suggestions: a wrong enum value in %s is answered with the right ones",
    async (_where, query, variables) => {
      const { status, errors } = await production.graphql(query, variables);
      expect(status).toBe(400);
      expect(errors?.[0].message).toBe(
        "This has the wrong form. Expected: one of PENDING, SUCCEEDED, FAILED, UNKNOWN.",
      );
    },
  );

  test("7. an IDE: no page is served, neither at the root nor at the API", async () => {
    for (const path of [
      "/",
      "/graphql",
      "/graphiql",
      "/playground",
      "/console",
      "/altair",
      "/sandbox",
      "/?graphiql",
      "/explorer/main.js",
    ]) {
      const response = await production.fetch(path, { headers: { accept: "text/html" } });
      expect([path, response.status]).toEqual([path, path === "/graphql" ? 406 : 404]);
      expect(await response.text()).not.toMatch(/<html|graphiql|playground|sandbox/iu);
    }
  });

  test.each([
    ["the whole schema", getIntrospectionQuery()],
    [
      "beside something else, aliased and in a fragment",
      "{ __typename ...f } fragment f on Query { a: __schema { types { name } } }",
    ],
  ])("8. introspection: %s is not told", async (_what, query) => {
    const { status, data, errors } = await production.graphql(query);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors?.[0].message).toMatch(/introspection/u);
  });

  test("9. tracing: no answer carries how it was made, also for whoever asks", async () => {
    for (const headers of [{}, { "apollo-federation-include-trace": "ftv1" }, { "x-apollo-tracing": "1" }]) {
      const { text } = await production.graphql("{ cancellations { totalCount } }", undefined, headers);
      expect(JSON.parse(text)).toEqual({
        data: { cancellations: { totalCount: 0 } },
        extensions: { cost: expect.any(Number) },
      });
    }
  });

  test.each([
    ["a syntax error", "qwerty cop { abc }"],
    ["an argument that cannot be acted on", '{ cancellation(id: "no-uuid") { id } }'],
  ])("10. unhandled errors: %s brings no stack, path or module", async (_what, query) => {
    const { text, errors } = await production.graphql(query);
    expect(errors).toHaveLength(1);
    expect(text).not.toMatch(/stack|exception|node_modules|\.[jt]s\b|at \w+ \(/u);
  });
});

describe("requests that another site could send", () => {
  // A GET changes nothing, and carries no token that a page of another site could send: there are no cookies.
  test("11. GET queries: one with nothing but its token is answered", async () => {
    const response = await get({ query: "{ __typename }" });
    expect(await response.json()).toMatchObject({ data: { __typename: "Query" } });
  });

  test("11b. but not without a token, whatever a page can send", async () => {
    const url = `${production.service.url}/graphql?query={__typename}`;
    for (const headers of [{}, { cookie: "authorization=Bearer x" }, { origin: "https://evil.example" }])
      expect((await fetch(url, { headers })).status).toBe(401);
  });

  test.each([
    ["alone", { query: REFRESH }],
    [
      "beside a query",
      { query: `query q { __typename } ${REFRESH.replace("mutation", "mutation m")}`, operationName: "m" },
    ],
  ])("12. GET mutations: one %s is refused, with whatever header", async (_what, search) => {
    const response = await get(search, {
      "apollo-require-preflight": "1",
      "content-type": "application/json",
    });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    expect(await response.json()).not.toHaveProperty("data");
  });

  test.each(["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])(
    "13. forms: a POST of %s is not read",
    async (contentType) => {
      for (const more of [{}, { "apollo-require-preflight": "1" }]) {
        const response = await post("query={__typename}", contentType, more);
        expect(response.status).toBe(415);
        expect(await response.text()).not.toContain('"data"');
      }
    },
  );
});

/**
 * "GraphQL over HTTP" wants documents and variables that are wrong answered with 200 to whoever takes `application/json`, for the sake
 * of old clients, and with 400 to whoever takes `application/graphql-response+json`. Here it is 400 to both, as Apollo Server has it:
 * nothing was executed, and proxies, metrics and callers who look at the status alone are told so. The body is the same.
 */
const REFUSED_WITH_400 = ["warn 572B", "warn FDE2", "warn 7B9B"];

/** These audits ask for `__type`, which is refused where the schema is not told. What they are about is the same elsewhere. */
const ASKS_FOR_THE_SCHEMA = ["error BF61", "error 28B9", "warn 2EA1", "notice D6D5", "notice 6A70"];

/** The audits that are not passed, in the order of their names. */
async function audited(): Promise<string[]> {
  const audits = serverAudits({
    url: `${production.service.url}/graphql`,
    fetchFn: (url: string, request: RequestInit = {}) =>
      fetch(url, {
        ...request,
        headers: {
          ...production.headers,
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

describe("GraphQL over HTTP:", () => {
  test("no errors but of audits that ask for the schema; every warning is explained above", async () => {
    expect(await audited()).toEqual([...REFUSED_WITH_400, ...ASKS_FOR_THE_SCHEMA].sort());
  });

  describe("where the schema is told,", () => {
    beforeAll(() => production.service.restart({ GRAPHQL_INTROSPECTION: "on" }));

    test("no errors at all", async () => {
      expect(await audited()).toEqual([...REFUSED_WITH_400].sort());
    });

    test("it can be read, and types of fields of types are not told", async () => {
      const circular = times(4, () => "fields { type {");
      const query = `{ __schema { types { ${circular} name ${"} }".repeat(4)} } } }`;
      const { status, data, errors } = await production.graphql(query);
      expect({ status, data }).toEqual({ status: 400, data: undefined });
      expect(errors?.[0].message).toMatch(/introspection depth/iu);
      const whole = await production.graphql(getIntrospectionQuery());
      expect(whole).toMatchObject({ status: 200, errors: undefined });
    });
  });
});
