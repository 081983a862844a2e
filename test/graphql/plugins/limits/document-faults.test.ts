import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { getIntrospectionQuery, Kind, parse, type OperationDefinitionNode } from "graphql";
import { documentFaults } from "../../../../src/graphql/plugins/limits/document-limits.js";
import { sizeOf, type DocumentSize } from "../../../../src/graphql/plugins/limits/document-limits.js";
import {
  MAX_ALIASES,
  MAX_DEPTH,
  MAX_DIRECTIVES,
  MAX_FIELDS,
  MAX_INTROSPECTION_DEPTH,
} from "../../../../src/graphql/plugins/limits/limits.js";

type Parsed = readonly [document: ReturnType<typeof parse>, operation: OperationDefinitionNode];

function read(query: string): Parsed {
  const document = parse(query);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("no operation");
  return [document, operation];
}

const size = (query: string): DocumentSize => sizeOf(...read(query));
const faults = (query: string): string[] => documentFaults(...read(query));
const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(" ");
const nested = (depth: number, inner = "x"): string =>
  depth === 1 ? inner : `x { ${nested(depth - 1, inner)} }`;

describe("at the limit a document passes, and past it is told what was found and what is allowed:", () => {
  test.each([
    ["depth", MAX_DEPTH, (n: number) => `{ ${nested(n)} }`, "is nested 11 fields deep"],
    [
      "depth through fragments",
      MAX_DEPTH,
      (n: number) =>
        `{ ...f } fragment f on T { ... { ${nested(n - 1, "x { ... on T { ...g } }")} } } fragment g on T { x }`,
      "is nested 11 fields deep",
    ],
    [
      "depth of introspection",
      MAX_INTROSPECTION_DEPTH,
      (n: number) => `{ __schema { ${nested(n - 1)} } }`,
      "asks for the schema 21 fields deep",
    ],
    [
      "depth of introspection of a type",
      MAX_INTROSPECTION_DEPTH,
      (n: number) => `{ __type(name: "T") { ${nested(n - 1)} } }`,
      "asks for the schema 21 fields deep",
    ],
    ["fields", MAX_FIELDS, (n: number) => `{ ${times(n, () => "x")} }`, "has 451 fields"],
    [
      "fields through fragments",
      MAX_FIELDS,
      (n: number) => `{ ${times(n, () => "...f")} } fragment f on T { x }`,
      "has 451 fields",
    ],
    ["aliases", MAX_ALIASES, (n: number) => `{ ${times(n, (i) => `a${i}: x`)} }`, "has 16 aliases"],
    [
      "aliases of __typename",
      MAX_ALIASES,
      (n: number) => `{ ${times(n, (i) => `a${i}: __typename`)} }`,
      "has 16 aliases",
    ],
    [
      "aliases of the schema",
      MAX_ALIASES,
      (n: number) => `{ ${times(n, (i) => `a${i}: __schema { x }`)} }`,
      "has 16 aliases",
    ],
    [
      "aliases as __typename",
      MAX_ALIASES,
      (n: number) => `{ ${times(n, () => `__typename: x`)} }`,
      "has 16 aliases",
    ],
    [
      "aliases in a fragment spread again",
      MAX_ALIASES,
      (n: number) => `{ ${times(n, () => "x { ...f }")} } fragment f on T { a: x }`,
      "has 16 aliases",
    ],
    ["directives", MAX_DIRECTIVES, (n: number) => `{ x ${times(n, () => "@d")} }`, "has 21 directives"],
    [
      "directives on a fragment spread again",
      MAX_DIRECTIVES,
      (n: number) => `{ ...f ...f ${times(n, () => "@d")} } fragment f on T { x }`,
      "has 21 directives",
    ],
    [
      "directives on the operation, a variable and a fragment",
      MAX_DIRECTIVES,
      (n: number) => `query ($a: Int @d) @d { ...f } fragment f on T ${times(n - 2, () => "@d")} { x }`,
      "has 21 directives",
    ],
    [
      "directives of a fragment that is not used",
      MAX_DIRECTIVES,
      (n: number) => `{ x } fragment f on T { x ${times(n, () => "@d")} }`,
      "has 21 directives",
    ],
  ])("%s", (_what, limit, query, told) => {
    expect(faults(query(limit))).toEqual([]);
    expect(faults(query(limit + 1))).toEqual([
      expect.stringMatching(new RegExp(`^The document ${told}.*; at most ${limit} are allowed\\.$`, "u")),
    ]);
  });
});

test("several faults are told at once", () => {
  expect(faults(`{ ${times(MAX_FIELDS + 1, (i) => `a${i}: x @d`)} }`)).toHaveLength(3);
});

describe("a document may make one mutation:", () => {
  test.each([
    ["once", "mutation { pay { id } }"],
    ["once under another name", "mutation { a: pay { id } }"],
    ["with the name of its type", "mutation { __typename pay { id } a: __typename }"],
    ["written twice, which is the same one", "mutation { pay { id } ...f } fragment f on M { pay { at } }"],
    ["with what it answers under many names", "mutation { pay { a: id b: id } }"],
    ["and any number of queries", "{ a: x b: x c: y }"],
  ])("%s", (_how, query) => {
    expect(faults(query)).toEqual([]);
  });

  test.each([
    ["under two names", "mutation { a: pay b: pay }"],
    ["two of them", "mutation { pay resolve }"],
    ["one in a fragment", "mutation { pay ...f } fragment f on M { b: pay }"],
    [
      "one in a fragment of a fragment",
      "mutation { pay ...f } fragment f on M { ...g } fragment g on M { b: pay }",
    ],
    ["one in an inline fragment", "mutation { pay ... on M { ... { b: pay } } }"],
    ["one that is skipped", "mutation ($a: Boolean!) { pay b: pay @skip(if: $a) }"],
    ["one that is not included", "mutation { pay b: pay @include(if: false) }"],
    ["one named as no field may be", "mutation { pay __typename: pay }"],
  ])("not %s", (_how, query) => {
    expect(faults(query)).toEqual([
      "The document has 2 mutations; a request may make 1. Send each in a request of its own.",
    ]);
  });
});

test("the query that reads a schema passes, with all that it can ask", () => {
  const everything = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  expect(faults(everything)).toEqual([]);
});

test("fragments that double at every step are counted without being walked", () => {
  const doubling = times(100, (i) => `fragment f${i} on T { ...f${i + 1} ...f${i + 1} }`);
  expect(faults(`{ ...f0 } ${doubling} fragment f100 on T { a: x }`)).toEqual([
    "The document has more than 100000 fields, each fragment counted where it is spread; at most 450 are allowed.",
    "The document has more than 100000 aliases; at most 15 are allowed.",
  ]);
});

test("a fragment within itself does not go round for ever", () => {
  expect(size("{ ...f } fragment f on T { x ...g } fragment g on T { x ...f }")).toMatchObject({ fields: 2 });
});

/** Selections with all their fragments written out, and what they must measure. */
interface Tree {
  readonly text: string;
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
}
const leaf = fc
  .boolean()
  .map((alias): Tree => ({ text: alias ? "a: x" : "x", depth: 1, fields: 1, aliases: alias ? 1 : 0 }));
const { tree } = fc.letrec<{ tree: Tree; list: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    tie("list").map(({ text, depth, fields, aliases }) => ({
      text: `x { ${text} }`,
      depth: depth + 1,
      fields: fields + 1,
      aliases,
    })),
  ),
  list: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }).map((trees) => ({
    text: trees.map(({ text }) => text).join(" "),
    depth: Math.max(...trees.map(({ depth }) => depth)),
    fields: trees.reduce((sum, { fields }) => sum + fields, 0),
    aliases: trees.reduce((sum, { aliases }) => sum + aliases, 0),
  })),
}));

test("measures the same whether a part stands in a fragment, an inline fragment, or where it is", () => {
  fc.assert(
    fc.property(tree, tree, (one, other) => {
      const expected = {
        depth: Math.max(one.depth, other.depth + 1),
        fields: 2 * one.fields + other.fields + 1,
        aliases: 2 * one.aliases + other.aliases,
      };
      expect(size(`{ ${one.text} ${one.text} x { ${other.text} } }`)).toMatchObject(expected);
      expect(
        size(`{ ...f x { ...g } ...f } fragment f on T { ${one.text} } fragment g on T { ${other.text} }`),
      ).toMatchObject(expected);
      expect(
        size(`{ ... { ${one.text} } ... on T { ${one.text} x { ... on T { ${other.text} } } } }`),
      ).toMatchObject(expected);
    }),
  );
});
