import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { cancelInput } from "../../helpers/operations.js";
import { startService, type GraphQLAnswer, useService } from "../../helpers/service.js";

const COUNT =
  "query Count($filter: CancellationFilter) {\n  cancellations(filter: $filter) { totalCount }\n}";
const PAGE = `query Page($n: Int) { a: cancellations(first: $n) { edges { node { items { seq } events { at evidence { basis } } } } }
  b: cancellations(first: $n) { edges { node { items { seq } events { at evidence { basis } } discrepancies { field } } } } }`;
const CANCEL =
  "mutation Cancel($input: CancelPaymentInput!) { cancelPayment(input: $input) { cancellation { status } } }";
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const MANIFEST = {
  format: "apollo-persisted-query-manifest",
  version: 1,
  operations: [
    { id: hash(COUNT), name: "Count", type: "query", body: COUNT },
    { id: "page-1", name: "Page", type: "query", body: PAGE },
    { id: hash(CANCEL), name: "Cancel", type: "mutation", body: CANCEL },
  ],
};
const COUNTED = { data: { cancellations: { totalCount: 0 } } };
const NOT_LISTED = {
  errors: [
    {
      message: expect.stringMatching(/^Only operations on this service's list are answered/u),
      extensions: { code: "OPERATION_NOT_SAFELISTED" },
    },
  ],
};

const folder = mkdtempSync(join(tmpdir(), "ebp-safelist-test-"));
const service = useService({ environment: { PERSISTED_OPERATIONS: fileOf("manifest", MANIFEST) } });
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function fileOf(name: string, content: object): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

async function post(body: object): Promise<{ status: number; body: any }> {
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function get(search: Record<string, string>): Promise<{ status: number; body: any }> {
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
    expect(await post(body)).toEqual({ status: 200, body: COUNTED });
  });

  test("an id and a text by GET", async () => {
    expect(await get({ extensions: JSON.stringify(byId(hash(COUNT))) })).toEqual({
      status: 200,
      body: COUNTED,
    });
    expect(await get({ query: COUNT })).toEqual({ status: 200, body: COUNTED });
  });

  test("an id that is no hash, alone and with its text", async () => {
    for (const body of [{ extensions: byId("page-1") }, { query: PAGE, extensions: byId("page-1") }]) {
      expect(await post({ ...body, variables: { n: 1 } })).toMatchObject({
        status: 200,
        body: { data: { a: { edges: [] } } },
      });
    }
  });

  test("a mutation by its id, with its variables", async () => {
    const { body } = await post({ extensions: byId(hash(CANCEL)), variables: { input: cancelInput() } });
    expect(body).toEqual({ data: { cancelPayment: { cancellation: { status: "SUCCEEDED" } } } });
  });
});

describe("with a list, refuses with 403", () => {
  test.each([
    ["an id that is not on it", { extensions: byId(hash("{ __typename }")) }],
    ["a name of every object as an id", { extensions: byId("constructor") }],
    ["a text that is not on it", { query: "{ __typename }" }],
    ["a text with a space more", { query: `${COUNT} ` }],
    ["a text with the id of another one", { query: COUNT, extensions: byId(hash(CANCEL)) }],
    ["another text with a listed id", { query: "{ __typename }", extensions: byId(hash(COUNT)) }],
    [
      "another text with its own id, as if to register it",
      { query: "{ __typename }", extensions: byId(hash("{ __typename }")) },
    ],
    ["a text that cannot be parsed", { query: "{" }],
    ["a text that does not fit the schema", { query: "{ cancelations }" }],
    ["the schema", { query: "{ __schema { types { name } } }" }],
  ])("%s", async (_what, body) => {
    expect(await post(body)).toEqual({ status: 403, body: NOT_LISTED });
  });

  test("the same by GET", async () => {
    expect(await get({ query: "{ __typename }" })).toEqual({ status: 403, body: NOT_LISTED });
    expect(await get({ query: "{ __typename }", extensions: JSON.stringify(byId(hash(COUNT))) })).toEqual({
      status: 403,
      body: NOT_LISTED,
    });
    expect(await get({ extensions: JSON.stringify(byId("nothing")) })).toEqual({
      status: 403,
      body: NOT_LISTED,
    });
  });
});

describe("with a list, never answers", () => {
  test.each([
    [
      "a second text in the search parameters of a GET",
      (): Promise<any> => get({ query: COUNT }).then(() => getTwice()),
    ],
    [
      "a listed text in the body and another in the address",
      (): Promise<any> => postWithSearch({ query: "{ __typename }" }),
    ],
    ["a batch", (): Promise<any> => post([{ query: "{ __typename }" }])],
    ["a parsed document", (): Promise<any> => post({ query: { kind: "Document", definitions: [] } })],
    ["extensions that are a text", (): Promise<any> => post({ query: "{ __typename }", extensions: "{}" })],
    ["nothing at all", (): Promise<any> => post({ variables: {} })],
  ])("%s", async (_what, send) => {
    const { status, body } = await send();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toHaveProperty("data");
  });

  async function getTwice(): Promise<{ status: number; body: any }> {
    const search = `query=${encodeURIComponent(COUNT)}&query=${encodeURIComponent("{ __typename }")}`;
    const response = await fetch(`${service.url}/graphql?${search}`, {
      headers: { "apollo-require-preflight": "1" },
    });
    return { status: response.status, body: await response.json() };
  }

  async function postWithSearch(body: object): Promise<{ status: number; body: any }> {
    const response = await fetch(
      `${service.url}/graphql?${new URLSearchParams({ query: COUNT }).toString()}`,
      {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      },
    );
    return { status: response.status, body: await response.json() };
  }
});

test("an operation on the list is still bound by its cost", async () => {
  const answer = await post({ extensions: byId("page-1"), variables: { n: 100 } });
  expect(answer).toMatchObject({
    status: 400,
    body: { errors: [{ extensions: { code: "QUERY_TOO_COMPLEX" } }] },
  });
});

test("without a list, ids are not supported and any text is answered", async () => {
  const open = await startService();
  try {
    const answer: GraphQLAnswer = await open.graphql("{ __typename }");
    expect(answer.data).toEqual({ __typename: "Query" });
    const response = await fetch(`${open.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }", extensions: byId(hash("{ __typename }")) }),
    });
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: "PERSISTED_QUERY_NOT_SUPPORTED" } }],
    });
  } finally {
    await open.close();
  }
});

test("a start names every operation that could never be answered", async () => {
  const operations = {
    fine: "{ __typename }",
    syntax: "{ cancellations {",
    unknown: "{ cancelations { totalCount } payments }",
    deep: `{ ${"order { ".repeat(10)} __typename ${"} ".repeat(10)} }`,
    aliases: `{ ${Array.from({ length: 16 }, (_, i) => `a${i}: __typename`).join(" ")} }`,
    costly: PAGE.replace("$n: Int", "$n: Int = 100"),
    long: `{ ${"__typename ".repeat(3_000)} }`,
    second: `query One { __typename } mutation Two { a: refreshCancellation(id: "1") { userErrors { code } } b: refreshCancellation(id: "1") { userErrors { code } } }`,
    fragment: "fragment f on Query { __typename }",
  };
  const starting = service.restart({ PERSISTED_OPERATIONS: fileOf("faulty", operations) });
  const error: Error = await starting.then(
    () => new Error("it started"),
    (reason: unknown) => reason as Error,
  );
  await service.restart();
  const told = error.message.split("\n");
  expect(told[0]).toBe("PERSISTED_OPERATIONS cannot be used:");
  for (const [id, pattern] of Object.entries({
    syntax: /Syntax Error/u,
    unknown: /Cannot query field "cancelations"/u,
    deep: /order/u,
    aliases: /16 aliases/u,
    costly: /costs \d+ points/u,
    long: /tokens/u,
    second: /2 mutations/u,
    fragment: /no operation|never used/u,
  })) {
    const own = told.filter((line) => line.startsWith(`  - ${id}: `));
    expect([id, own.some((line) => pattern.test(line))]).toEqual([id, true]);
  }
  expect(told.filter((line) => line.startsWith("  - unknown: "))).toHaveLength(2);
  expect(told.some((line) => line.includes("fine"))).toBe(false);
});
