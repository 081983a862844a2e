import { beforeAll, describe, expect, test } from "@jest/globals";
import { getOperationAST, parse, type GraphQLSchema } from "graphql";
import { operationCost } from "../../../../src/graphql/plugins/limits/operation-cost.js";
import { costOf } from "../../../../src/graphql/plugins/limits/query-cost.js";
import { buildGraphQLSchema, type SchemaParts } from "../../../../src/graphql/schema.js";

let schema: GraphQLSchema;
beforeAll(async () => {
  // A schema needs its parts only when a query runs.
  schema = await buildGraphQLSchema({} as SchemaParts);
});

/** Of one document that is asked again and again, with each of the variables in turn. */
function costs(text: string, ...variables: readonly Record<string, unknown>[]): number[] {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error("one operation is expected");
  return variables.map((each) => operationCost(operation, { schema, document, variables: each }));
}

const cost = (text: string, variables = {}): number => costOf({ schema, document: parse(text), variables });

describe("a document that is asked again costs anew what its variables make of it:", () => {
  test.each([
    [
      "the size of a page",
      "query ($n: Int) { cancellations(first: $n) { edges { cursor } } }",
      [{ n: 1 }, { n: 100 }, {}],
    ],
    [
      "the size of a page in a fragment",
      "query ($n: Int) { ...Page } fragment Page on Query { cancellations(last: $n) { edges { cursor } } }",
      [{ n: 100 }, { n: 1 }],
    ],
    [
      "what is left out",
      "query ($all: Boolean!) { cancellations @include(if: $all) { totalCount edges { cursor } } connections: cancellations { edges { cursor } } }",
      [{ all: false }, { all: true }],
    ],
    [
      "what is skipped",
      "query ($few: Boolean!) { cancellations { totalCount @skip(if: $few) edges { cursor } } }",
      [{ few: true }, { few: false }],
    ],
  ])("%s", (_what, text, variables) => {
    const found = costs(text, ...variables);
    expect(found).toEqual(variables.map((each) => cost(text, each)));
    expect(new Set(found).size).toBeGreaterThan(1);
  });
});

describe("a page costs its size whatever else of it is in variables:", () => {
  test.each([
    [
      "a state in a list",
      "query ($s: CancellationStatus!) { cancellations(first: 100, filter: { status: [$s] }) { edges { cursor } } }",
      { s: "FAILED" },
    ],
    [
      "a store in a list",
      "query ($st: String!) { cancellations(first: 100, filter: { storeId: [$st] }) { edges { cursor } } }",
      { st: "SIM-KR" },
    ],
    [
      "the direction of an order",
      "query ($d: OrderDirection!) { cancellations(first: 100, orderBy: { field: CREATED_AT, direction: $d }) { edges { cursor } } }",
      { d: "ASC" },
    ],
  ])("%s", (_what, text, variables) => {
    const whole = cost("{ cancellations(first: 100) { edges { cursor } } }");
    expect(costs(text, variables, variables)).toEqual([whole, whole]);
    expect(cost(text, variables)).toBe(whole);
    // As it is asked for, whether the rest of it fits or not.
    expect(costs(text, {})).toEqual([whole]);
  });
});

test("what no variable makes larger costs the same each time, also where the variables do not fit", () => {
  const text = "query ($id: ID!) { cancellation(id: $id) { id items { seq } events { at } } }";
  const whole = cost(text, { id: "01a20241-82ea-7279-8944-e96e9036c6e3" });
  expect(whole).toBeGreaterThan(1);
  expect(costs(text, {}, { id: "a" }, { id: null })).toEqual([whole, whole, whole]);
});
