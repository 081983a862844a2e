import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  buildSchema,
  getNamedType,
  graphql,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  visit,
  type GraphQLNamedType,
  type GraphQLSchema,
  type StringValueNode,
} from "graphql";
import { getMetadataStorage } from "type-graphql";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { FAILURE_KINDS, type FailureKind } from "../../src/cancellation/model/outcome.js";
import { CANCELLATION_STATUSES } from "../../src/cancellation/model/status.js";
import {
  amountMismatch,
  errorsOf,
  inProgress,
  keyReused,
  notFound,
  notInDoubt,
  notYetFailed,
  totalChanged,
  USER_ERROR_CODES,
  type UserError,
} from "../../src/cancellation/model/user-error.js";
import { buildGraphQLSchema, guardSchema, type SchemaParts } from "../../src/graphql/schema.js";
import { cancellation } from "../helpers/cancellations.js";
import { callerOf } from "../helpers/examples.js";

let schema: GraphQLSchema;
beforeAll(async () => {
  // A schema needs its parts only when a query runs.
  schema = await buildGraphQLSchema({} as SchemaParts);
});

test("is committed as the code emits it", () => {
  const committed = readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8");
  expect(committed).toMatch(/^# Emitted .+ by `npm run schema`/u);
  // Both printed by the same hand: how the file is laid out is the formatter's business.
  const printed = (each: GraphQLSchema): string => printSchema(lexicographicSortSchema(each));
  expect(printed(buildSchema(committed))).toBe(printed(schema));
});

const descriptionOf = (node: { readonly description?: StringValueNode | undefined }): string =>
  node.description?.value ?? "";

test("describes every type, field, argument, enum value and input field in sentences", () => {
  const everything: { readonly what: string; readonly description: string }[] = [];
  visit(parse(printSchema(schema)), {
    enter(node) {
      if ("description" in node) everything.push({ what: print(node), description: descriptionOf(node) });
    },
  });
  expect(everything.length).toBeGreaterThan(150);
  expect(everything.filter(({ description }) => !/\S[.:?]$/u.test(description))).toEqual([]);
});

/** Every field below the roots that has a method, and so may cost a query. */
const resolvers = (): { readonly schemaName: string; readonly complexity?: unknown }[] =>
  getMetadataStorage().fieldResolvers;

test("says what every field costs that is not just a property", () => {
  expect(resolvers().length).toBeGreaterThan(10);
  expect(resolvers().filter(({ complexity }) => typeof complexity !== "number")).toEqual([]);
});

test("lets a mutation's answer lack whatever is read for it after the outcome", () => {
  const reached = new Set<string>();
  const required: string[] = [];
  /** @param isApart whether what fails here is lost with a part of the answer alone. */
  const visit = (type: GraphQLNamedType, isApart: boolean): void => {
    const key = `${type.name} ${isApart ? "apart" : ""}`;
    if (!isObjectType(type) || reached.has(key)) return;
    reached.add(key);
    for (const field of Object.values(type.getFields())) {
      const isRead = Number(field.extensions["complexity"] ?? 0) > 0;
      const isRequired = isNonNullType(field.type);
      if (isRead && isRequired && !isApart) required.push(`${type.name}.${field.name}`);
      visit(getNamedType(field.type), isApart || (isRead && !isRequired));
    }
  };
  for (const { type } of Object.values(schema.getMutationType()?.getFields() ?? {}))
    visit(getNamedType(type), false);

  expect(reached).toContain("Cancellation ");
  expect(reached).toContain("OrderCancellationConnection apart");
  expect(required).toEqual([]);
});

describe("an error type is one of", () => {
  const store = { id: "KR", currencyCode: "KRW", currencyDecimals: 0, amountBasis: "unit" } as const;
  const one = new Decimal(1);
  const failed = (failureKind: FailureKind): UserError[] =>
    errorsOf(cancellation("FAILED", { failureKind, safeToRetry: failureKind !== "REJECTED" }));
  /** What the state of a cancellation brings, whoever asked. */
  const states = [
    ...CANCELLATION_STATUSES.filter((status) => status !== "FAILED").flatMap((status) =>
      errorsOf(cancellation(status)),
    ),
    ...FAILURE_KINDS.flatMap(failed),
  ];
  const unknown = notFound("id");
  const cancels = [
    unknown,
    amountMismatch(store, one, one),
    keyReused(cancellation("SUCCEEDED")),
    inProgress(cancellation("UNKNOWN"), "ORD-1"),
    totalChanged(one, one),
    ...states,
  ];
  const operators = [unknown, notInDoubt(cancellation("FAILED")), notYetFailed([], null), ...states];
  const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();
  const codes = (errors: readonly UserError[]): string[] => sorted(errors.map(({ code }) => code));
  /** By their code, which is their name in another case. */
  const implementing = (name: string): string[] => {
    const type = schema.getType(name);
    if (!isInterfaceType(type)) throw new Error(`no interface: ${name}`);
    const types = schema.getPossibleTypes(type).map((each) => each.name.replace(/Error$/u, ""));
    return sorted(types.map((each) => each.replace(/(?<=[a-z])(?=[A-Z])/gu, "_").toUpperCase()));
  };

  test.each([
    ["cancelPayment, exactly if it can return it", "CancelPaymentError", cancels],
    ["the operators' mutations, exactly if they can return it", "OperatorError", operators],
    ["all errors", "UserError", [...cancels, ...operators]],
  ])("%s", (_which, name, errors) => {
    expect(implementing(name)).toEqual(codes(errors));
  });

  test("them all, and has a code of its own", () => {
    expect(implementing("UserError")).toEqual(sorted(USER_ERROR_CODES));
  });
});

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
