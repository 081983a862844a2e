import { beforeAll, describe, expect, test } from "@jest/globals";
import { getOperationAST, parse, type GraphQLSchema } from "graphql";
import { operationCost } from "../../../src/graphql/limits/operation-cost.js";
import { costOf } from "../../../src/graphql/limits/query-cost.js";
import { buildGraphQLSchema, type SchemaParts } from "../../../src/graphql/schema.js";

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

test("what no variable makes larger costs the same each time, also where the variables do not fit", () => {
  const text = "query ($id: ID!) { cancellation(id: $id) { id items { seq } events { at } } }";
  const whole = cost(text, { id: "01a20241-82ea-7279-8944-e96e9036c6e3" });
  expect(whole).toBeGreaterThan(1);
  expect(costs(text, {}, { id: "a" }, { id: null })).toEqual([whole, whole, whole]);
});
