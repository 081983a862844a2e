import { describe, expect, test } from "@jest/globals";
import { literal, NAME, NUMBER, useRefusals } from "../../../helpers/refusals.js";

const refusals = useRefusals();
const { refused } = refusals;

describe("in a document that cannot be parsed, tells the place and none of the account next to", () => {
  test.each([
    ["a text", literal(`{ accountNumber "${NUMBER}" }`), /Expected ":", found String$/u],
    [
      "a text with quotes in it",
      literal(`{ accountNumber "a\\"${NUMBER}\\" String \\"${NAME}" }`),
      /Expected ":", found String$/u,
    ],
    [
      "a block text",
      literal(`{ accountNumber """${NUMBER}\n"${NAME}" """ }`),
      /Expected ":", found BlockString$/u,
    ],
    ["an Int", literal(`{ accountNumber ${NUMBER} }`), /Expected ":", found Int$/u],
    ["a Float", literal(`{ accountNumber ${NUMBER}.5 }`), /Expected ":", found Float$/u],
    [
      "a name of several words",
      literal(`{ accountNumber: "1", accountHolderName: ${NAME} Junior }`),
      /Expected ":", found /u,
    ],
    ["a name", literal(`{ accountNumber: "1", accountHolderName: Mr Zaphod Quibblewick }`), /found Name$/u],
    ["a text in an unexpected place", `"${NUMBER}" { __typename }`, /Syntax Error: Unexpected description/u],
    ["a number with hyphens", literal(`{ accountNumber: 102-${NUMBER} }`), /found Int$/u],
    ["a number with leading zeros", literal(`{ accountNumber: 00${NUMBER} }`), /Invalid number/u],
    ["a number and letters", literal(`{ accountNumber: ${NUMBER}Quibblewick }`), /Invalid number/u],
    ["single quotes", literal(`{ accountNumber: '${NUMBER}' }`), /single quote/u],
    ["a text without its end", literal(`{ accountNumber: "${NUMBER} }`), /Unterminated string/u],
    [
      "an escape",
      literal(String.raw`{ accountNumber: "\u{${NUMBER}}" }`),
      /Syntax Error: Invalid Unicode escape sequence/u,
    ],
    [
      "a shorter escape",
      literal(String.raw`{ accountNumber: "\u${NUMBER}\q" }`),
      /Syntax Error: Invalid character escape sequence/u,
    ],
    [
      "an escape that is none",
      literal(String.raw`{ accountNumber: "\x${NUMBER}" }`),
      /Invalid character escape sequence/u,
    ],
    [
      "a variable in a default",
      `query ($a: String = $Quibblewick) { __typename }`,
      /Unexpected variable in constant value/u,
    ],
    ["a variable that is a number", literal(`{ accountNumber: $${NUMBER} }`), /Expected Name, found Int$/u],
    ["the end", `{ cancellation(id: "${NUMBER}"`, /found <EOF>/u],
  ])("%s", async (_what, query, message) => {
    const answer = await refused(query);
    expect(answer.status).toBe(400);
    expect(answer.errors).toEqual([
      {
        message: expect.stringMatching(message),
        locations: [{ line: expect.any(Number), column: expect.any(Number) }],
        extensions: { code: "GRAPHQL_PARSE_FAILED" },
      },
    ]);
  });
});

describe("still helps with what is not a value:", () => {
  test.each([
    [
      "an unknown field",
      "{ cancelations { totalCount } }",
      'Cannot query field "cancelations" on type "Query". Did you mean "cancellations", "cancellation", or "cancellationStats"?',
    ],
    [
      "an unknown argument",
      '{ cancellation(uuid: "1", id: "2") { id } }',
      'Unknown argument "uuid" on field "Query.cancellation". Did you mean "id"?',
    ],
    [
      "a missing argument",
      "{ cancellation { id } }",
      'Field "cancellation" argument "id" of type "ID!" is required, but it was not provided.',
    ],
    [
      "a missing selection",
      '{ cancellation(id: "1") }',
      'Field "cancellation" of type "Cancellation" must have a selection of subfields. Did you mean "cancellation { ... }"?',
    ],
    [
      "a variable of the wrong type",
      "query ($id: Int!) { cancellation(id: $id) { id } }",
      'Variable "$id" of type "Int!" used in position expecting type "ID!".',
    ],
    [
      "an unknown type",
      "query ($id: Uuid!) { cancellation(id: $id) { id } }",
      'Unknown type "Uuid". Did you mean "ID"?',
    ],
    ["an unused variable", "query ($id: ID) { __typename }", 'Variable "$id" is never used.'],
  ])("%s", async (_what, query, message) => {
    const { status, errors } = await refusals.service.graphql(query);
    expect(status).toBe(400);
    expect(errors?.[0]).toMatchObject({ message, extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
  });
});
