import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "@jest/globals";
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";
import { fieldsWithResolver } from "../../src/graphql/plugins/limits/query-cost.js";
import { buildGraphQLSchema, type SchemaParts } from "../../src/graphql/schema.js";

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

interface Described {
  readonly where: string;
  readonly description: string | null | undefined;
}

/** Every type, field, argument, enum value and input field. */
function everythingIn(whole: GraphQLSchema): Described[] {
  const types = Object.values(whole.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  return types.flatMap((type): Described[] => {
    const own = { where: type.name, description: type.description };
    if (isEnumType(type)) {
      return [
        own,
        ...type
          .getValues()
          .map((value) => ({ where: `${type.name}.${value.name}`, description: value.description })),
      ];
    }
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [own];
    const fields = Object.values(type.getFields()).flatMap((field): Described[] => {
      const where = `${type.name}.${field.name}`;
      const args: readonly GraphQLArgument[] = "args" in field ? field.args : [];
      return [
        { where, description: field.description },
        ...args.map((arg) => ({ where: `${where}(${arg.name})`, description: arg.description })),
      ];
    });
    return [own, ...fields];
  });
}

test("describes every type, field, argument, enum value and input field", () => {
  const everything = everythingIn(schema);
  expect(everything.length).toBeGreaterThan(150);
  expect(
    everything.filter(({ description }) => (description ?? "").trim() === "").map(({ where }) => where),
  ).toEqual([]);
});

test("lets a mutation's answer lack whatever is read for it after the outcome", () => {
  const reached = new Set<string>();
  const required: string[] = [];
  const visit = (type: GraphQLNamedType): void => {
    if (!isObjectType(type) || reached.has(type.name)) return;
    reached.add(type.name);
    for (const field of Object.values(type.getFields())) {
      const where = `${type.name}.${field.name}`;
      if (fieldsWithResolver().has(where) && isNonNullType(field.type)) required.push(where);
      visit(getNamedType(field.type));
    }
  };
  for (const { type } of Object.values(schema.getMutationType()?.getFields() ?? {}))
    visit(getNamedType(type));

  expect(reached).toContain("Cancellation");
  expect(required).toEqual([]);
});

test("describes them in sentences", () => {
  const unfinished = everythingIn(schema).filter(({ description }) => !/[.:?]$/u.test(description ?? ""));
  expect(unfinished).toEqual([]);
});
