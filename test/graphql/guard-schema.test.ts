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
import { ACCESS, WITH_PARENT, type AccessRules } from "../../src/graphql/access.js";
import { guardSchema } from "../../src/graphql/guard-schema.js";
import { callerOf } from "../helpers/examples.js";

const RULES: AccessRules = {
  Query: { cancellation: ["cancellations:read"] },
  Mutation: { cancelPayment: ["cancellations:write"] },
  Cancellation: { id: WITH_PARENT },
};

function schemaWith({ query = "", mutation = "", cancellation = "", types = "" } = {}): GraphQLSchema {
  return buildSchema(`
    type Query { cancellation: Cancellation ${query} }
    type Mutation { cancelPayment: Cancellation ${mutation} }
    type Cancellation { id: ID ${cancellation} }
    ${types}`);
}

describe("a schema is refused, so that the service does not start, when it has", () => {
  test.each([
    ["a new query", schemaWith({ query: "secrets: String" }), "Query.secrets has no rule"],
    ["a new mutation", schemaWith({ mutation: "deleteAll: Boolean" }), "Mutation.deleteAll has no rule"],
    ["a new field", schemaWith({ cancellation: "account: String" }), "Cancellation.account has no rule"],
    [
      "a new type",
      schemaWith({ query: "cancellations: Int", types: "type Holder { name: String }" }),
      "Query.cancellations has no rule; Holder.name has no rule",
    ],
    // A lookup in a plain object would find something under these names.
    [
      "a field of a treacherous name",
      schemaWith({ query: "constructor: Int" }),
      "Query.constructor has no rule",
    ],
    [
      "a type of a treacherous name",
      schemaWith({ types: "type toString { name: String }" }),
      "toString.name has no rule",
    ],
  ])("%s without a rule", (_what, schema, fault) => {
    expect(() => guardSchema(schema, RULES)).toThrow(fault);
  });

  test("a rule about a field that is not there: a mistyped one would guard nothing", () => {
    const rules = { ...RULES, Query: { ...RULES["Query"], cancelation: ["cancellations:read"] as const } };
    expect(() => guardSchema(schemaWith(), rules)).toThrow("Query.cancelation has a rule and does not exist");
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
  guardSchema(schema, { ...RULES, Query: { cancellation: both } });
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
  const rules = { Query: { one: WITH_PARENT }, Subscription: { changed: ["cancellations:read"] } } as const;
  let followed = 0;
  const changed = schema.getSubscriptionType()?.getFields()["changed"];
  if (changed) changed.subscribe = countIn(() => (followed += 1));
  guardSchema(schema, rules);
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

test("everything that is asked for at the root needs a scope", () => {
  for (const type of ["Query", "Mutation", "Subscription"])
    for (const rule of Object.values(ACCESS[type] ?? {})) {
      expect(rule).not.toBe(WITH_PARENT);
      expect(rule).not.toEqual([]);
    }
});
