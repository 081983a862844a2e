import { beforeAll, describe, expect, test } from "@jest/globals";
import { buildSchema, getIntrospectionQuery, getOperationAST, parse, type GraphQLSchema } from "graphql";
import {
  COUNT_POINTS,
  LIVE_STATUS_POINTS,
  MAX_ALIASES,
  MAX_COST,
  MAX_FIELDS,
  measure,
  type Operation,
} from "../../src/graphql/plugins/limits.js";
import { coerceVariables } from "../../src/graphql/plugins/value-errors.js";
import { buildGraphQLSchema, type SchemaParts } from "../../src/graphql/schema.js";
import { MESSAGES } from "../../src/messages/messages.js";
import { CANCELLATION_FIELDS } from "../helpers/operations.js";

let ours: GraphQLSchema;
beforeAll(async () => {
  // A schema needs its parts only when a query runs.
  ours = await buildGraphQLSchema({} as SchemaParts);
});

const WORDING = { refusals: MESSAGES.en.refusals, namesSchema: true };

function read(query: string, given: Record<string, unknown> = {}, schema = ours): Operation {
  const document = parse(query);
  const operation = getOperationAST(document);
  if (!operation) throw new Error("no operation");
  const { values } = coerceVariables(schema, operation, given, WORDING);
  return { schema, document, operation, variables: values };
}
const cost = (query: string, given?: Record<string, unknown>, schema = ours): number =>
  measure(read(query, given, schema)).cost;
const faults = (query: string): readonly string[] =>
  measure(read(query)).faults.map((text) => text(MESSAGES.en));
const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(" ");
const page = (args: string, fields = "id"): string =>
  `{ cancellations${args} { edges { node { ${fields} } } } }`;

describe("at the limit a document passes, and past it is told what was found and what is allowed:", () => {
  test.each([
    ["fields", MAX_FIELDS, (n: number) => `{ ${times(n, () => "__typename")} }`, "has 451 fields"],
    [
      "fields through fragments",
      MAX_FIELDS,
      (n: number) =>
        `{ ...g ${times(n - 2, () => "...f")} } fragment f on Query { __typename } fragment g on Query { ...f ... { ...f } }`,
      "has 451 fields",
    ],
    ["aliases", MAX_ALIASES, (n: number) => `{ ${times(n, (i) => `a${i}: __typename`)} }`, "has 16 aliases"],
    [
      "aliases in the schema",
      MAX_ALIASES,
      (n: number) => `{ __schema { types { ${times(n, (i) => `a${i}: name`)} } } }`,
      "has 16 aliases",
    ],
    [
      "aliases in a fragment spread again",
      MAX_ALIASES,
      (n: number) => `{ ${times(n, () => "...f")} } fragment f on Query { a: __typename }`,
      "has 16 aliases",
    ],
  ])("%s", (_what, limit, query, told) => {
    expect(faults(query(limit))).toEqual([]);
    expect(faults(query(limit + 1))).toEqual([
      expect.stringMatching(new RegExp(`^The document ${told}.*; at most ${limit} are allowed\\.$`, "u")),
    ]);
  });

  test("several at once", () => {
    expect(faults(`{ ${times(MAX_FIELDS + 1, (i) => `a${i}: __typename`)} }`)).toHaveLength(2);
  });
});

describe("a document may make one mutation:", () => {
  const refresh = 'refreshCancellation(id: "1") { cancellation { id } }';
  test.each([
    ["once under another name", `mutation { a: ${refresh} }`],
    ["with the name of its type", `mutation { __typename ${refresh} a: __typename }`],
    [
      "written twice, which is the same one",
      `mutation { ${refresh} ...f } fragment f on Mutation { ${refresh} }`,
    ],
    ["and any number of queries", '{ a: node(id: "1") { id } b: node(id: "2") { id } }'],
  ])("%s", (_how, query) => {
    expect(faults(query)).toEqual([]);
  });

  test.each([
    ["under two names", `mutation { a: ${refresh} b: ${refresh} }`],
    [
      "one in a fragment of a fragment",
      `mutation { ${refresh} ...f } fragment f on Mutation { ...g } fragment g on Mutation { b: ${refresh} }`,
    ],
    ["one in an inline fragment", `mutation { ${refresh} ... on Mutation { ... { b: ${refresh} } } }`],
    [
      "one that is skipped",
      `mutation ($a: Boolean!) { ${refresh} b: ${refresh.replace(" {", " @skip(if: $a) {")} }`,
    ],
    ["one named as no field may be", `mutation { ${refresh} __typename: ${refresh} }`],
  ])("not %s", (_how, query) => {
    expect(faults(query)).toEqual([
      "The document has 2 mutations; a request may have 1. Send each in a request of its own.",
    ]);
  });
});

test("a subscription costs what one of its answers does: a query, and those of its fields", () => {
  expect(cost("subscription { cancellationChanged { id } }")).toBe(Math.ceil((10 + 1) / 10));
  const fields = "id items { seq } events { at }";
  expect(cost(`subscription { cancellationChanged { ${fields} } }`)).toBe(
    cost(`{ cancellation(id: "1") { ${fields} } }`),
  );
});

describe("a page", () => {
  // A query is ten objects; a page is one, and each of its edges is two.
  test.each([
    ["(first: 100)", 100],
    ["(first: 1)", 1],
    ["(last: 50)", 50],
    ["", 20],
    ["(first: null)", 20],
    ["(first: 10, last: 100)", 100],
    // Resolving these says what is wrong.
    ["(first: 2000000000)", 100],
    ["(first: -2000000000)", 1],
  ])("of %s counts as %i", (args, edges) => {
    expect(cost(page(args))).toBe(Math.ceil((10 + 1 + edges * 2) / 10));
  });

  test("counts with the size that is in the variables, or is their default", () => {
    const query = `query ($n: Int = 30) ${page("(first: $n)")}`;
    expect(cost(query, { n: 100 })).toBe(cost(page("(first: 100)")));
    expect(cost(query)).toBe(cost(page("(first: 30)")));
    expect(cost(query, { n: null })).toBe(cost(page("")));
  });

  test("counts what is asked once for it once, and what is asked of each as often as there are", () => {
    const count = "{ cancellations(first: 100) { totalCount edges { node { id } } } }";
    expect(cost(count) - cost(page("(first: 100)"))).toBe(COUNT_POINTS);
    // A query, and ten lines for each.
    expect(cost(page("(first: 100)", "items { seq }")) - cost(page("(first: 100)"))).toBe(200);
  });

  test("within a page multiplies, and a list that takes its page's size itself counts with it", () => {
    const schema = buildSchema(`
      type Query { shops(first: Int): Shops  list(first: Int): [Shop!]! }
      type Shops { edges: [ShopEdge!]! }
      type ShopEdge { node: Shop! }
      type Shop { id: ID  orders(first: Int, last: Int): Orders }
      type Orders { edges: [OrderEdge!]! }
      type OrderEdge { node: Order! }
      type Order { id: ID }`);
    const nested = "{ shops(first: 50) { edges { node { orders(last: 40) { edges { node { id } } } } } } }";
    expect(cost(nested, {}, schema)).toBe(Math.ceil((10 + 1 + 50 * (2 + 1 + 40 * 2)) / 10));
    expect(cost("{ list(first: 70) { id } }", {}, schema)).toBe(8);
  });
});

test("a fragment counts in each page with the size of that page", () => {
  const spread = `{ a: cancellations(first: 1) { ...p } b: cancellations(first: 100) { ...p } c: cancellations(first: 1) { ...p } }
    fragment p on CancellationConnection { edges { node { id } } }`;
  expect(cost(spread)).toBe(Math.ceil((3 * (10 + 1) + 102 * 2) / 10));
});

describe("a field counts as often as it is written", () => {
  const one = '{ cancellation(id: "1") { items { seq } } }';

  test.each([
    ["aliased", '{ a: cancellation(id: "1") { items { seq } } b: cancellation(id: "2") { items { seq } } }'],
    ["in an inline fragment", `{ ... on Query ${one} ... ${one} }`],
    ["in a fragment of a fragment", `{ ...g } fragment g on Query { ...f ...f } fragment f on Query ${one}`],
    [
      "of an interface",
      `{ node(id: "1") { ... on Cancellation { items { seq } } } cancellation(id: "1") { items { seq } } }`,
    ],
  ])("%s", (_how, query) => {
    expect(cost(query)).toBe(2 * cost(one) - 1);
  });
});

test.each<[directive: string, value: boolean | null | undefined, points: number]>([
  ["@skip(if: true)", undefined, 1],
  ["@include(if: false)", undefined, 1],
  ["@skip(if: $yes)", undefined, 1],
  ["@include(if: $yes)", false, 1],
  ["@skip(if: $yes)", false, 22],
  ["@include(if: $yes)", true, 22],
  // Executing it says what is wrong.
  ["@skip(if: $yes)", null, 22],
])("what %s of %p leaves out is not counted", (directive, value, points) => {
  const query = `query ($yes: Boolean = true) { __typename cancellations(first: 100) ${directive} { edges { node { id } } } }`;
  expect(cost(query, { ...(value !== undefined && { yes: value }) })).toBe(points);
});

test("counts fragments that double at every step as fast as one, and none within itself for ever", () => {
  const doubling = times(60, (i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`);
  const query = `{ ...f0 } ${doubling} fragment f60 on Query ${page("(first: 1)")}`;
  expect(cost(query)).toBeGreaterThan(2 ** 60);
  expect(faults(query)).toEqual([expect.stringContaining(`has ${4 * 2 ** 60} fields`)]);
  expect(cost("{ ...f } fragment f on Query { __typename ...f ...f }")).toBe(1);
});

test("reading the whole schema costs a tenth of what is allowed, however it is read", () => {
  for (const query of [
    getIntrospectionQuery({ oneOf: true }),
    '{ __type(name: "Query") { fields { name } } }',
  ]) {
    expect(measure(read(query))).toEqual({ cost: MAX_COST / 10, faults: [] });
  }
});

test("sums cost far more than a query, and two of them fit into a document", () => {
  const sums = (count: number): number =>
    cost(`{ ${times(count, (i) => `a${i}: cancellationStats(groupBy: [DAY]) { count amount }`)} }`);
  // Ten objects of the list besides.
  expect(sums(1)).toBe(451);
  expect([sums(2) <= MAX_COST, sums(3) <= MAX_COST]).toEqual([true, false]);
});

test("orders cost what is read of each, as many times as there are numbers", () => {
  const query =
    "query ($orderNos: [String!]!) { orders(orderNos: $orderNos) { cancelledTotal lines { seq } } }";
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => `ORD-${n}`);
  const costOf = (count: number): number => cost(query, { orderNos: numbers(count) });
  // For each: two reads, an object and ten lines.
  expect([costOf(1), costOf(10), costOf(100)]).toEqual([1, 10, 100].map((n) => Math.ceil(1 + n * 3.1)));
  const written = `{ orders(orderNos: ${JSON.stringify(numbers(10))}) { cancelledTotal lines { seq } } }`;
  expect(cost(written)).toBe(costOf(10));
  // Resolving it says what is wrong.
  expect(costOf(5_000)).toBe(costOf(100));
});

test("what asks EBP costs what is said where it is declared, each time it is written: four fit into a document", () => {
  const order = (fields: string): number => cost(`{ order(orderNo: "1") { ${fields} } }`);
  // A query and one object, rounded up.
  expect(order("orderNo")).toBe(2);
  expect(order("liveStatus { cancels }")).toBe(LIVE_STATUS_POINTS + 2);
  expect(order("liveStatus { cancels } again: liveStatus { unavailable { reason } }")).toBe(
    2 * LIVE_STATUS_POINTS + 2,
  );
  expect(Math.floor((MAX_COST - 1) / LIVE_STATUS_POINTS)).toBe(4);
});

test("all about an order may be asked for", () => {
  const order = `order(orderNo: "1") {
    cancelledTotal lines { seq cancelledAmount } liveStatus { cancels } openCancellation { ${CANCELLATION_FIELDS} }
    cancellations(first: 50) { totalCount pageInfo { hasNextPage } edges { cancelledTotalAfter node { ${CANCELLATION_FIELDS} } } }
  }`;
  expect(faults(`{ ${order} }`)).toEqual([]);
});
