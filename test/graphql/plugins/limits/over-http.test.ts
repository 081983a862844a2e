import { describe, expect, test } from "@jest/globals";
import { getIntrospectionQuery } from "graphql";
import { EXAMPLE_MUTATION } from "../../../../src/graphql/example-operations.js";
import { MAX_TOKENS, MAX_VALIDATION_ERRORS } from "../../../../src/graphql/plugins/limits/limits.js";
import { CANCEL, CANCELLATION_FIELDS, cancelInput, item } from "../../../helpers/operations.js";
import { useService } from "../../../helpers/service.js";

const service = useService();

const FULL_PAGE = `cancellations(first: 100) {
  totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  edges { cursor node { ${CANCELLATION_FIELDS} inDoubtSince inDoubtSeconds lookups nextCheckAt nextStep } }
}`;
const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(" ");

/** Nothing but one long list: 16 tokens are around it. */
const ofTokens = (count: number): string =>
  `{ cancellations(filter: { status: [${times(count - 16, () => "FAILED")}] }) { totalCount } }`;

describe("answers", () => {
  test.each([
    ["a page of 100 with everything there is about each", `{ ${FULL_PAGE} }`],
    [
      "the query that Sandbox reads the schema with",
      getIntrospectionQuery({ descriptions: true, oneOf: true }),
    ],
    ["a document of as many tokens as are allowed", ofTokens(MAX_TOKENS)],
  ])("%s", async (_what, query) => {
    const { status, errors } = await service.graphql(query);
    expect({ status, errors }).toEqual({ status: 200, errors: undefined });
  });

  test("a cancel of 45 items that stand in the document", async () => {
    const items = times(
      45,
      (seq) => `{ seq: ${seq}, itemType: PHYSICAL, itemId: "P", quantity: 1, amount: "10", taxAmount: "1" }`,
    );
    const { data, errors } = await service.graphql(
      `mutation { cancelPayment(input: { idempotencyKey: "k-45", orderNo: "O-45", totalCancelAmount: "450", items: [${items}] }) {
        cancellation { status } userErrors { message } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.cancelPayment).toEqual({ cancellation: { status: "SUCCEEDED" }, userErrors: [] });
  });

  test("a cancel of 500 items that stand in the variables", async () => {
    const items = Array.from({ length: 500 }, (_, seq) => item({ seq, amount: "1", taxAmount: null }));
    const { data, errors } = await service.graphql(CANCEL, {
      input: cancelInput({ items, totalCancelAmount: "500" }),
    });
    expect(errors).toBeUndefined();
    expect(data.cancelPayment.cancellation).toMatchObject({ status: "SUCCEEDED" });
  });

  test("the mutation that a start shows", async () => {
    const { errors } = await service.graphql(EXAMPLE_MUTATION);
    expect(errors).toBeUndefined();
  });

  test("a filter that names the same status ten thousand times as one that names it once", async () => {
    const status = Array.from({ length: 8_000 }, () => "FAILED");
    const query = "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount } }";
    const { data, errors } = await service.graphql(query, { filter: { status } });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ cancellations: { totalCount: 0 } });
  });
});

describe("refuses with 400, and says what was found and what is allowed,", () => {
  test.each([
    [
      "two full pages",
      `{ a: ${FULL_PAGE} b: ${FULL_PAGE} }`,
      /^This costs \d+ points; at most 1000 are allowed\./u,
    ],
    [
      "aliases",
      `{ ${times(16, (i) => `a${i}: __typename`)} }`,
      /^The document has 16 aliases; at most 15 are allowed\.$/u,
    ],
    [
      "fields",
      `{ ${times(451, () => "__typename")} }`,
      /^The document has 451 fields, .+; at most 450 are allowed\.$/u,
    ],
    [
      "directives",
      `{ ${times(21, () => "__typename @skip(if: true)")} }`,
      /^The document has 21 directives; at most 20 are allowed\.$/u,
    ],
    [
      "two mutations",
      'mutation { a: refreshCancellation(id: "1") { userErrors { code } } b: refreshCancellation(id: "1") { userErrors { code } } }',
      /^The document has 2 mutations; a request may make 1\./u,
    ],
  ])("%s", async (_what, query, message) => {
    const { status, errors, data } = await service.graphql(query);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors).toEqual([
      { message: expect.stringMatching(message), extensions: { code: "QUERY_TOO_COMPLEX" } },
    ]);
  });

  test("a page whose size is in the variables", async () => {
    const query = `query ($n: Int!) { a: ${FULL_PAGE.replace("100", "$n")} b: ${FULL_PAGE.replace("100", "$n")} }`;
    expect(await service.graphql(query, { n: 10 })).toMatchObject({ status: 200, errors: undefined });
    const { status, errors } = await service.graphql(query, { n: 100 });
    expect(status).toBe(400);
    expect(errors?.[0].extensions).toEqual({ code: "QUERY_TOO_COMPLEX" });
  });

  test("a token too many", async () => {
    const { status, errors } = await service.graphql(ofTokens(MAX_TOKENS + 1));
    expect(status).toBe(400);
    expect(errors).toEqual([
      {
        message: expect.stringContaining("has more than 1000 tokens; values belong in `variables`"),
        locations: expect.anything(),
        extensions: { code: "GRAPHQL_PARSE_FAILED" },
      },
    ]);
  });
});

test("two mutations of one document cancel nothing", async () => {
  const before = service.simulator.ledger.totalReceived;
  const query = `mutation ($a: CancelPaymentInput!, $b: CancelPaymentInput!) {
    a: cancelPayment(input: $a) { replayed } b: cancelPayment(input: $b) { replayed } }`;
  const { status } = await service.graphql(query, { a: cancelInput(), b: cancelInput() });
  expect(status).toBe(400);
  expect(service.simulator.ledger.totalReceived).toBe(before);
});

describe("a document that is wrong all over", () => {
  test.each([
    ["unknown fields", `{ ${times(200, (i) => `x${i}`)} }`],
    ["unknown directives", `{ __typename ${times(200, () => "@aa")} }`],
    [
      "missing fields of items",
      `{ cancelPaymentPreview(input: { items: [${times(100, () => "{}")}] }) { wouldSend } }`,
    ],
  ])("is answered with a few errors, not with all: %s", async (_what, query) => {
    const { status, errors } = await service.graphql(query);
    expect(status).toBe(400);
    expect(errors?.length).toBeLessThanOrEqual(MAX_VALIDATION_ERRORS + 1);
    expect(errors?.at(-1).message).toMatch(/^Too many validation errors/u);
  });

  test("is told so when its fields are too many to be compared", async () => {
    const { status, errors } = await service.graphql(`{ ${times(990, () => "__typename")} }`);
    expect(status).toBe(400);
    expect(errors).toEqual([
      {
        message: "Validation aborted.",
        extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
      },
    ]);
  });

  test("is refused when its fragments go round", async () => {
    const query = "{ ...f } fragment f on Query { ...g ...g } fragment g on Query { ...f ...f }";
    const { status, errors } = await service.graphql(query);
    expect(status).toBe(400);
    expect(errors?.[0].message).toMatch(/^Cannot spread fragment "f" within itself/u);
  });
});

describe("variables", () => {
  test("nested a thousand times over are told to be wrong", async () => {
    const deep = JSON.parse(`${"[".repeat(1_000)}${"]".repeat(1_000)}`) as unknown;
    const query = "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount } }";
    const { status, errors } = await service.graphql(query, { filter: { status: deep } });
    expect(status).toBe(400);
    expect(errors?.[0].extensions).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("wrong in ten thousand places are answered with fifty errors", async () => {
    const status = Array.from({ length: 8_000 }, () => "NONE");
    const query = "query ($filter: CancellationFilter) { cancellations(filter: $filter) { totalCount } }";
    const answer = await service.graphql(query, { filter: { status } });
    expect(answer.status).toBe(400);
    expect(answer.errors).toHaveLength(51);
  });
});
