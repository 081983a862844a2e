import { describe, expect, test } from "@jest/globals";
import { faultsOf, fileOf, read } from "../helpers/configuration.js";

const OPERATION = { id: "a1", name: "Count", type: "query", body: "{ cancellations { totalCount } }" };
const manifest = (operations: unknown, changes: object = {}): object => ({
  format: "apollo-persisted-query-manifest",
  version: 1,
  operations,
  ...changes,
});
const settings = (content: unknown): Record<string, string> => ({
  PERSISTED_OPERATIONS: fileOf(typeof content === "string" ? content : JSON.stringify(content)),
});

test("without the setting, there is no list", () => {
  expect(read({}).persistedOperations).toBeNull();
  expect(read({ PERSISTED_OPERATIONS: " " }).persistedOperations).toBeNull();
});

test("reads a manifest as Apollo's tools write it", () => {
  expect(
    read(settings(manifest([OPERATION, { ...OPERATION, id: "a2", name: "Other" }]))).persistedOperations,
  ).toEqual([
    { id: "a1", name: "Count", body: OPERATION.body },
    { id: "a2", name: "Other", body: OPERATION.body },
  ]);
});

test("reads an object of ids and documents", () => {
  expect(read(settings({ a1: OPERATION.body, format: "{ __typename }" })).persistedOperations).toEqual([
    { id: "a1", name: "a1", body: OPERATION.body },
    { id: "format", name: "format", body: "{ __typename }" },
  ]);
});

const FORMS =
  "a manifest of persisted queries as Apollo's tools write it, or a JSON object of ids and documents";

describe("refuses to start with", () => {
  test.each([
    [
      "something that is not JSON",
      "query { a }",
      [`PERSISTED_OPERATIONS: expected ${FORMS}, found something else`],
    ],
    ["a list", [OPERATION], [`PERSISTED_OPERATIONS: expected ${FORMS}, found something else`]],
    ["null", "null", [`PERSISTED_OPERATIONS: expected ${FORMS}, found something else`]],
    ["no operations in an object", {}, ["PERSISTED_OPERATIONS: expected at least one operation, found none"]],
    [
      "no operations in a manifest",
      manifest([]),
      ["PERSISTED_OPERATIONS: expected at least one operation, found none"],
    ],
    [
      "an id that stands twice",
      manifest([OPERATION, OPERATION]),
      ['PERSISTED_OPERATIONS: expected each id once, found "a1" more than once'],
    ],
    [
      "another format",
      manifest([OPERATION], { format: "relay" }),
      ['PERSISTED_OPERATIONS.format: expected "apollo-persisted-query-manifest", found something else'],
    ],
    [
      "another version",
      manifest([OPERATION], { version: 2 }),
      ["PERSISTED_OPERATIONS.version: expected 1, found something else"],
    ],
    [
      "operations without a body, with an empty one, and without an id, each of which is named",
      manifest([
        { ...OPERATION, body: undefined },
        { ...OPERATION, body: " \n" },
        { ...OPERATION, id: "" },
      ]),
      [
        "PERSISTED_OPERATIONS.operations.0.body: expected a GraphQL document, found something else",
        "PERSISTED_OPERATIONS.operations.1.body: expected a GraphQL document, found something else",
        "PERSISTED_OPERATIONS.operations.2.id: expected an id, found something else",
      ],
    ],
    [
      "operations that are no list",
      manifest({ a: "b" }),
      ["PERSISTED_OPERATIONS.operations: expected a list, found something else"],
    ],
    [
      "a document that is none in an object",
      { a: "{ a }", b: 7 },
      ["PERSISTED_OPERATIONS.b: expected a GraphQL document, found something else"],
    ],
  ])("%s", (_what, content, faults) => {
    expect(faultsOf(settings(content))).toEqual(faults);
  });

  test("a file that is not there, beside whatever else is wrong", () => {
    expect(faultsOf({ PERSISTED_OPERATIONS: "/nowhere/list.json", PORT: "x" })).toEqual([
      expect.stringMatching(/^PORT: /u),
      "PERSISTED_OPERATIONS: expected the path of a file that can be read, found /nowhere/list.json (ENOENT)",
    ]);
  });
});
