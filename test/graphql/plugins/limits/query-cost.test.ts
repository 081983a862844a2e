import { beforeAll, describe, expect, test } from "@jest/globals";
import { buildSchema, getIntrospectionQuery, isObjectType, parse, type GraphQLSchema } from "graphql";
import { COUNT_POINTS, LIVE_STATUS_POINTS, MAX_COST } from "../../../../src/graphql/plugins/limits/limits.js";
import { costOf, fieldsWithResolver } from "../../../../src/graphql/plugins/limits/query-cost.js";
import { buildGraphQLSchema, type SchemaParts } from "../../../../src/graphql/schema.js";
import { CANCELLATION_FIELDS } from "../../../helpers/operations.js";

let schema: GraphQLSchema;
beforeAll(async () => {
  // A schema needs its parts only when a query runs.
  schema = await buildGraphQLSchema({} as SchemaParts);
});

function cost(query: string, variables?: Record<string, unknown>, operationName?: string): number {
  return costOf({ schema, document: parse(query), variables, operationName });
}

const page = (args: string, fields = "id"): string =>
  `{ cancellations${args} { edges { node { ${fields} } } } }`;

test("a subscription costs what one of its answers does: a query, and those of its fields", () => {
  expect(cost("subscription { cancellationChanged { id } }")).toBe(Math.ceil((10 + 1) / 10));
  const fields = "id items { seq } events { at }";
  const id = "01a20241-82ea-7279-8944-e96e9036c6e3";
  expect(cost(`subscription { cancellationChanged { ${fields} } }`)).toBe(
    cost(`{ cancellation(id: "${id}") { ${fields} } }`),
  );
});

describe("a page", () => {
  // A query is ten objects; a page is one, and each of its edges is two.
  test.each([
    ["(first: 100)", Math.ceil((10 + 1 + 100 * 2) / 10)],
    ["(first: 1)", Math.ceil((10 + 1 + 2) / 10)],
    ["(last: 50)", Math.ceil((10 + 1 + 50 * 2) / 10)],
    ["", Math.ceil((10 + 1 + 20 * 2) / 10)],
    ["(first: null)", Math.ceil((10 + 1 + 20 * 2) / 10)],
    ["(first: 10, last: 100)", Math.ceil((10 + 1 + 100 * 2) / 10)],
  ])("of %s counts with its size", (args, points) => {
    expect(cost(page(args))).toBe(points);
  });

  test("counts with the size that is in the variables, or is their default", () => {
    const query = `query ($n: Int = 30) ${page("(first: $n)")}`;
    expect(cost(query, { n: 100 })).toBe(cost(page("(first: 100)")));
    expect(cost(query)).toBe(cost(page("(first: 30)")));
    expect(cost(query, { n: null })).toBe(cost(page("")));
  });

  test("of a size out of range counts as the largest or smallest: resolving it says what is wrong", () => {
    expect(cost(page("(first: 2000000000)"))).toBe(cost(page("(first: 100)")));
    expect(cost(page("(first: -2000000000)"))).toBe(cost(page("(first: 1)")));
  });

  test("counts what is asked once for it once, and what is asked of each as often as there are", () => {
    const count = "{ cancellations(first: 100) { totalCount edges { node { id } } } }";
    expect(cost(count) - cost(page("(first: 100)"))).toBe(COUNT_POINTS);
    // A query, and ten lines for each.
    expect(cost(page("(first: 100)", "items { seq }")) - cost(page("(first: 100)"))).toBe(200);
  });
});

test("sums cost far more than a query, and two of them fit into a document", () => {
  const sums = "cancellationStats(groupBy: [DAY]) { count amount }";
  // Ten objects of the list besides.
  expect(cost(`{ ${sums} }`)).toBe(451);
  expect(cost(`{ a: ${sums} b: ${sums} }`)).toBeLessThanOrEqual(MAX_COST);
  expect(cost(`{ a: ${sums} b: ${sums} c: ${sums} }`)).toBeGreaterThan(MAX_COST);
});

test("a fragment counts in each page with the size of that page", () => {
  const spread = `{ a: cancellations(first: 1) { ...p } b: cancellations(first: 100) { ...p } c: cancellations(first: 1) { ...p } }
    fragment p on CancellationConnection { edges { node { id } } }`;
  expect(cost(spread)).toBe(Math.ceil((3 * (10 + 1) + 102 * 2) / 10));
});

test("a page within a page multiplies", () => {
  const nested = buildSchema(`
    type Query { shops(first: Int): Shops }
    type Shops { edges: [ShopEdge!]! }
    type ShopEdge { node: Shop! }
    type Shop { orders(first: Int, last: Int): Orders }
    type Orders { edges: [OrderEdge!]! }
    type OrderEdge { node: Order! }
    type Order { id: ID }`);
  const document = parse(
    "{ shops(first: 50) { edges { node { orders(last: 40) { edges { node { id } } } } } } }",
  );
  expect(costOf({ schema: nested, document })).toBe(Math.ceil((10 + 1 + 50 * (2 + 1 + 40 * 2)) / 10));
});

test("a list that takes its page's size itself counts with it", () => {
  const plain = buildSchema("type Query { shops(first: Int): [Shop!]! } type Shop { id: ID }");
  expect(costOf({ schema: plain, document: parse("{ shops(first: 70) { id } }") })).toBe(8);
});

describe("a field counts as often as it is written", () => {
  const one = '{ cancellation(id: "1") { items { seq } } }';

  test.each([
    ["aliased", '{ a: cancellation(id: "1") { items { seq } } b: cancellation(id: "2") { items { seq } } }'],
    ["in an inline fragment", `{ ... on Query ${one} ... ${one} }`],
    ["in a fragment", `{ ...f ...f } fragment f on Query ${one}`],
    ["in a fragment of a fragment", `{ ...g } fragment g on Query { ...f ...f } fragment f on Query ${one}`],
    [
      "of an interface",
      `{ node(id: "1") { ... on Cancellation { items { seq } } } cancellation(id: "1") { items { seq } } }`,
    ],
  ])("%s", (_how, query) => {
    expect(cost(query)).toBe(2 * cost(one) - 1);
  });
});

describe("what is left out is not counted:", () => {
  const asked = (directive: string, value?: boolean): number =>
    cost(
      `query ($yes: Boolean = true) { __typename cancellations(first: 100) ${directive} { edges { node { id } } } }`,
      {
        ...(value !== undefined && { yes: value }),
      },
    );

  test.each([
    ["@skip(if: true)", undefined],
    ["@include(if: false)", undefined],
    ["@skip(if: $yes)", undefined],
    ["@skip(if: $yes)", true],
    ["@include(if: $yes)", false],
  ])("%s of %p", (directive, value) => {
    expect(asked(directive, value)).toBe(1);
  });

  test.each([
    ["@skip(if: $yes)", false],
    ["@include(if: $yes)", true],
    ["", undefined],
  ])("but %s of %p is", (directive, value) => {
    expect(asked(directive, value)).toBe(22);
  });

  test("and what an `if` of null leaves open is", () => {
    const query = `query ($yes: Boolean = true) { cancellations(first: 100) @skip(if: $yes) { edges { node { id } } } }`;
    expect(cost(query, { yes: null })).toBe(22);
  });
});

test("an argument that cannot be read leaves the other fields counted", () => {
  const query = `query ($o: String = "1") { order(orderNo: $o) { orderNo } cancellations(first: 100) { edges { node { id } } } }`;
  // Executing it fails for `order` alone.
  expect(cost(query, { o: null })).toBeGreaterThan(20);
});

test.each([
  [
    "variables that do not fit",
    "query ($n: Int!) { cancellations(first: $n) { totalCount } }",
    { n: "x" },
    undefined,
  ],
  ["an operation that is not there", "query a { __typename }", {}, "b"],
  ["nothing but a name of a type", "{ __typename }", {}, undefined],
])("%s costs 1", (_what, query, variables, operationName) => {
  expect(cost(query, variables, operationName)).toBe(1);
});

test("counts the operation that is asked for", () => {
  const query = `query small { __typename } query large ${page("(first: 100)")}`;
  expect(cost(query, {}, "small")).toBe(1);
  expect(cost(query, {}, "large")).toBe(22);
});

test("counts ten thousand fragments as fast as one, and none within itself for ever", () => {
  const doubling = Array.from(
    { length: 60 },
    (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`,
  );
  const query = `{ ...f0 } ${doubling.join(" ")} fragment f60 on Query ${page("(first: 1)")}`;
  expect(cost(query)).toBeGreaterThan(2 ** 60);
  expect(cost("{ ...f } fragment f on Query { ...f ...f }")).toBe(1);
});

test("reading the whole schema costs a tenth of what is allowed, however it is read", () => {
  for (const query of [getIntrospectionQuery(), '{ __type(name: "Query") { fields { name } } }']) {
    expect(cost(query)).toBe(MAX_COST / 10);
  }
});

test("a page of 100 with everything there is about each may be asked for, and two of them not", () => {
  const full = `cancellations(first: 100) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { ${CANCELLATION_FIELDS} inDoubtSince inDoubtSeconds lookups nextCheckAt nextStep } }
  }`;
  expect(cost(`{ ${full} }`)).toBeLessThanOrEqual(MAX_COST);
  expect(cost(`{ a: ${full} b: ${full} }`)).toBeGreaterThan(MAX_COST);
});

test("what asks EBP costs what is said where it is declared, each time it is written", () => {
  const order = (fields: string): number => cost(`{ order(orderNo: "1") { ${fields} } }`);
  // A query and one object, rounded up.
  expect(order("orderNo")).toBe(2);
  expect(order("liveStatus { cancels }")).toBe(LIVE_STATUS_POINTS + 2);
  expect(order("liveStatus { cancels } again: liveStatus { cancels unavailable { reason } }")).toBe(
    2 * LIVE_STATUS_POINTS + 2,
  );
  expect(4 * LIVE_STATUS_POINTS).toBeLessThan(MAX_COST);
  expect(5 * LIVE_STATUS_POINTS).toBeGreaterThanOrEqual(MAX_COST);
});

test("an order with all there is about it, a page of its cancels and a live status may be asked for", () => {
  const order = `{ order(orderNo: "1") {
    cancelledTotal inDoubtTotal lines { seq cancelledAmount } liveStatus { cancels } openCancellation { ${CANCELLATION_FIELDS} }
    cancellations(first: 50) { totalCount pageInfo { hasNextPage } edges { cursor cancelledTotalAfter node { ${CANCELLATION_FIELDS} } } }
  } }`;
  expect(cost(order)).toBeLessThanOrEqual(MAX_COST);
});

test("knows every field that has a resolver of its own, and that each exists", () => {
  const known = [...fieldsWithResolver()];
  expect(known).toEqual(
    expect.arrayContaining([
      "Cancellation.items",
      "CancellationConnection.totalCount",
      "OrderCancellationConnection.totalCount",
      "OrderCancellationEdge.cancelledTotalAfter",
      "OrderCancellations.cancellations",
      "OrderCancellations.liveStatus",
      "PageInfo.hasNextPage",
    ]),
  );
  for (const name of known) {
    const [typeName = "", field = ""] = name.split(".");
    const type = schema.getType(typeName);
    expect([name, isObjectType(type) && field in type.getFields()]).toEqual([name, true]);
  }
});
