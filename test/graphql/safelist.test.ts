import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createSafelist } from "../../src/graphql/plugins/check-request.js";
import { buildGraphQLSchema, type SchemaParts } from "../../src/graphql/schema.js";
import { cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";

const COUNT =
  "query Count($filter: CancellationFilter) {\n  cancellations(filter: $filter) { totalCount }\n}";
const PAGE = `query Page($n: Int) { a: cancellations(first: $n) { edges { node { items { seq } events { at evidence { basis } } } } }
  b: cancellations(first: $n) { edges { node { items { seq } events { at evidence { basis } } discrepancies { field } } } } }`;
const CANCEL =
  "mutation Cancel($input: CancelPaymentInput!) { cancelPayment(input: $input) { cancellation { status } } }";
const OTHER = "{ __typename }";
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const COUNTED = {
  status: 200,
  body: { data: { cancellations: { totalCount: 0 } }, extensions: { cost: expect.any(Number) } },
};
const NOT_LISTED = {
  status: 403,
  body: {
    errors: [
      {
        message: expect.stringMatching(/^Only operations on this service's list are answered/u),
        extensions: { code: "OPERATION_NOT_SAFELISTED" },
      },
    ],
  },
};

const folder = mkdtempSync(join(tmpdir(), "ebp-safelist-test-"));
const manifest = join(folder, "manifest.json");
writeFileSync(
  manifest,
  JSON.stringify({
    format: "apollo-persisted-query-manifest",
    version: 1,
    operations: [
      { id: hash(COUNT), name: "Count", type: "query", body: COUNT },
      { id: "page-1", name: "Page", type: "query", body: PAGE },
      { id: hash(CANCEL), name: "Cancel", type: "mutation", body: CANCEL },
    ],
  }),
);
const service = useService({ environment: { PERSISTED_OPERATIONS: manifest } });
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: any;
}

async function post(body: unknown, search = "", url = service.url): Promise<Answer> {
  const response = await fetch(`${url}/graphql${search}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function get(search: Record<string, string> | [string, string][]): Promise<Answer> {
  const response = await fetch(`${service.url}/graphql?${new URLSearchParams(search).toString()}`, {
    headers: { "apollo-require-preflight": "1" },
  });
  return { status: response.status, body: await response.json() };
}

const byId = (id: string, version = 1): object => ({ persistedQuery: { version, sha256Hash: id } });

describe("with a list, answers", () => {
  test.each([
    [
      "an id, as Apollo Client sends it",
      { operationName: "Count", extensions: { clientLibrary: {}, ...byId(hash(COUNT)) } },
    ],
    ["exactly the text", { query: COUNT }],
    ["the text with its id", { query: COUNT, extensions: byId(hash(COUNT)) }],
    ["an empty text with the id", { query: "", extensions: byId(hash(COUNT)) }],
    ["an id of another version of the protocol", { extensions: byId(hash(COUNT), 2) }],
  ])("%s", async (_what, body) => {
    expect(await post(body)).toEqual(COUNTED);
  });

  test("an id and a text by GET", async () => {
    expect(await get({ extensions: JSON.stringify(byId(hash(COUNT))) })).toEqual(COUNTED);
    expect(await get({ query: COUNT })).toEqual(COUNTED);
  });

  test("an id that is no hash, alone and with its text, within the limits of cost", async () => {
    for (const body of [{ extensions: byId("page-1") }, { query: PAGE, extensions: byId("page-1") }]) {
      expect(await post({ ...body, variables: { n: 1 } })).toMatchObject({
        status: 200,
        body: { data: { a: { edges: [] } } },
      });
    }
    expect(await post({ extensions: byId("page-1"), variables: { n: 100 } })).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: "QUERY_TOO_COMPLEX" } }] },
    });
  });

  test("a mutation by its id, with its variables", async () => {
    const { body } = await post({ extensions: byId(hash(CANCEL)), variables: { input: cancelInput() } });
    expect(body).toMatchObject({ data: { cancelPayment: { cancellation: { status: "SUCCEEDED" } } } });
  });
});

describe("with a list, refuses with 403", () => {
  test.each([
    ["an id that is not on it", { extensions: byId(hash(OTHER)) }],
    ["a name of every object as an id", { extensions: byId("constructor") }],
    ["a text that is not on it", { query: OTHER }],
    ["a text with a space more", { query: `${COUNT} ` }],
    ["a text with the id of another one", { query: COUNT, extensions: byId(hash(CANCEL)) }],
    ["another text with a listed id", { query: OTHER, extensions: byId(hash(COUNT)) }],
    ["another text with its own id, as if to register it", { query: OTHER, extensions: byId(hash(OTHER)) }],
    ["a text that cannot be parsed", { query: "{" }],
  ])("%s", async (_what, body) => {
    expect(await post(body)).toEqual(NOT_LISTED);
  });

  test("the same by GET", async () => {
    for (const search of [
      { query: OTHER },
      { query: OTHER, extensions: JSON.stringify(byId(hash(COUNT))) },
      { extensions: JSON.stringify(byId("nothing")) },
    ])
      expect(await get(search)).toEqual(NOT_LISTED);
  });
});

test.each<[what: string, send: () => Promise<Answer>]>([
  [
    "a second text in the search parameters of a GET",
    () =>
      get([
        ["query", COUNT],
        ["query", OTHER],
      ]),
  ],
  [
    "a listed text in the address and another in the body",
    () => post({ query: OTHER }, `?${new URLSearchParams({ query: COUNT }).toString()}`),
  ],
  ["a batch", () => post([{ query: OTHER }])],
  ["a parsed document", () => post({ query: { kind: "Document", definitions: [] } })],
  ["extensions that are a text", () => post({ query: OTHER, extensions: "{}" })],
  ["nothing at all", () => post({ variables: {} })],
])("with a list, never answers %s", async (_what, send) => {
  const { status, body } = await send();
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(body).not.toHaveProperty("data");
});

test("without a list, ids are not supported and any text is answered", async () => {
  const { url } = await service.replica({ PERSISTED_OPERATIONS: "" });
  expect(await post({ query: OTHER }, "", url)).toMatchObject({ body: { data: { __typename: "Query" } } });
  expect(await post({ query: OTHER, extensions: byId(hash(OTHER)) }, "", url)).toMatchObject({
    body: { errors: [{ extensions: { code: "PERSISTED_QUERY_NOT_SUPPORTED" } }] },
  });
});

test("a list names every operation that could never be answered", async () => {
  const refresh = 'refreshCancellation(id: "1") { userErrors { code } }';
  const operations = {
    fine: OTHER,
    syntax: "{ cancellations {",
    unknown: "{ cancelations { totalCount } payments }",
    aliases: `{ ${Array.from({ length: 16 }, (_, i) => `a${i}: __typename`).join(" ")} }`,
    costly: PAGE.replace("$n: Int", "$n: Int = 100"),
    long: `{ ${"__typename ".repeat(3_000)} }`,
    second: `query One { __typename } mutation Two { a: ${refresh} b: ${refresh} }`,
  };
  const schema = await buildGraphQLSchema({} as SchemaParts);
  const create = (): unknown =>
    createSafelist(
      schema,
      Object.entries(operations).map(([id, body]) => ({ id, name: id, body })),
    );
  expect(create).toThrow(/^PERSISTED_OPERATIONS cannot be used:\n/u);
  for (const fault of [
    /- syntax: Syntax Error/u,
    /- unknown: Cannot query field "cancelations".*\n.*- unknown: Cannot query field "payments"/u,
    /- aliases: .*16 aliases/u,
    /- costly: This costs \d+ points/u,
    /- long: .*tokens/u,
    /- second: .*2 mutations/u,
  ])
    expect(create).toThrow(fault);
  expect(create).not.toThrow(/fine/u);
});
