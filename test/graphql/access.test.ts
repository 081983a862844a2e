import { describe, expect, test } from "@jest/globals";
import {
  buildSchema,
  createSourceEventStream,
  graphql,
  parse,
  type ExecutionResult,
  type GraphQLSchema,
} from "graphql";
import { SCOPES } from "../../src/cancellation/model/caller.js";
import { guardSchema } from "../../src/graphql/access.js";
import { callerOf } from "../helpers/examples.js";

const RULES = {
  "Query.cancellation": ["cancellations:read"],
  "Mutation.cancelPayment": ["cancellations:write"],
} as const;

function schemaWith({ query = "", mutation = "" } = {}): GraphQLSchema {
  return buildSchema(`
    type Query { cancellation: Cancellation ${query} }
    type Mutation { cancelPayment: Cancellation ${mutation} }
    type Cancellation { id: ID }`);
}

describe("the service does not start with a schema that has", () => {
  test.each([
    ["a query without a rule", schemaWith({ query: "secrets: String" }), "Query.secrets has no rule"],
    ["a mutation without a rule", schemaWith({ mutation: "erase: Int" }), "Mutation.erase has no rule"],
    // A lookup in a plain object would find something under this name.
    ["a field named constructor", schemaWith({ query: "constructor: Int" }), "Query.constructor has no rule"],
  ])("%s", (_what, schema, fault) => {
    expect(() => guardSchema(schema, RULES)).toThrow(fault);
  });

  test.each(["Query.cancelation", "Cancellation.id"])("a rule for %s, which is no root field", (name) => {
    const rules = { ...RULES, [name]: ["cancellations:read"] as const };
    expect(() => guardSchema(schemaWith(), rules)).toThrow(`${name} is no root field`);
  });
});

/** Asks for the one field as a caller with these scopes. */
function askAs(schema: GraphQLSchema, scopes: readonly string[]): ReturnType<typeof graphql> {
  return graphql({
    schema,
    source: "{ cancellation { id } }",
    rootValue: { cancellation: () => ({ id: "one" }) },
    contextValue: { caller: { ...callerOf("KR"), scopes } },
  });
}

test("a field with a scope is answered to whoever has it, and to nobody else", async () => {
  const schema = schemaWith();
  guardSchema(schema, RULES);
  expect(await askAs(schema, ["cancellations:read"])).toMatchObject({
    data: { cancellation: { id: "one" } },
  });
  for (const scopes of [[], SCOPES.filter((scope) => scope !== "cancellations:read")]) {
    const { data, errors } = await askAs(schema, scopes);
    expect(data).toEqual({ cancellation: null });
    expect(errors?.map(({ extensions }) => extensions["code"])).toEqual(["FORBIDDEN"]);
  }
});

test("a field with two scopes is answered to whoever has both, and says which of them a caller lacks", async () => {
  const schema = schemaWith();
  const both = ["cancellations:resolve", "cancellations:read"] as const;
  guardSchema(schema, { ...RULES, "Query.cancellation": both });
  expect(await askAs(schema, both)).toEqual({ data: { cancellation: { id: "one" } } });
  for (const [scopes, lacking] of [
    [["cancellations:read"], "the scope cancellations:resolve"],
    [["cancellations:resolve"], "the scope cancellations:read"],
    [["cancellations:write"], "the scopes cancellations:resolve and cancellations:read"],
  ] as const) {
    const { data, errors } = await askAs(schema, scopes);
    expect(data).toEqual({ cancellation: null });
    expect(errors?.map(({ message }) => message)).toEqual([
      `\`cancellation\` needs ${lacking}, which your token does not have.`,
    ]);
  }
});

test("what a subscription follows is not followed for whoever lacks its scope", async () => {
  const schema = buildSchema("type Query { one: Int } type Subscription { changed: Int }");
  const read = ["cancellations:read"] as const;
  let followed = 0;
  const changed = schema.getSubscriptionType()?.getFields()["changed"];
  if (changed) changed.subscribe = countIn(() => (followed += 1));
  guardSchema(schema, { "Query.one": read, "Subscription.changed": read });
  const ask = (scopes: readonly string[]): Promise<AsyncIterable<unknown> | ExecutionResult> =>
    createSourceEventStream({
      schema,
      document: parse("subscription { changed }"),
      contextValue: { caller: { ...callerOf("KR"), scopes } },
    });
  expect(await ask(["cancellations:write"])).toMatchObject({
    errors: [{ extensions: { code: "FORBIDDEN" } }],
  });
  expect(followed).toBe(0);
  expect(Symbol.asyncIterator in (await ask(["cancellations:read"]))).toBe(true);
  expect(followed).toBe(1);
});

function countIn(count: () => void): () => AsyncGenerator {
  return () => {
    count();
    return (async function* () {
      yield await Promise.resolve({ changed: 1 });
    })();
  };
}
