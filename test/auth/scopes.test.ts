import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { SCOPES, type Scope } from "../../src/cancellation/model/caller.js";
import { refresh, tryRefresh, tryResolve } from "../helpers/in-doubt.js";
import { CANCEL, cancelInput, PREVIEW } from "../helpers/operations.js";
import type { GraphQLAnswer } from "../helpers/service.js";
import { useTwoStores } from "../helpers/two-stores.js";

const fixture = useTwoStores();

type Ask = (headers: Record<string, string>) => Promise<GraphQLAnswer>;

function asks(query: string, variables: () => object): Ask {
  return (headers) => fixture.service.graphql(query, variables(), headers);
}

const id = (): object => ({ id: randomUUID() });

/** Every root field, what it needs, and a way to ask for it. */
const ROOT_FIELDS: readonly (readonly [string, readonly Scope[], Ask])[] = [
  ["node", ["cancellations:read"], asks("query ($id: ID!) { node(id: $id) { id } }", id)],
  ["cancellation", ["cancellations:read"], asks("query ($id: ID!) { cancellation(id: $id) { id } }", id)],
  [
    "cancellationByKey",
    ["cancellations:read"],
    asks('{ cancellationByKey(idempotencyKey: "k") { id } }', () => ({})),
  ],
  ["cancellations", ["cancellations:read"], asks("{ cancellations { totalCount } }", () => ({}))],
  [
    "cancellationStats",
    ["cancellations:read"],
    asks("{ cancellationStats(groupBy: [STATUS]) { count } }", () => ({})),
  ],
  ["order", ["cancellations:read"], asks('{ order(orderNo: "O") { cancelledTotal } }', () => ({}))],
  ["cancelPaymentPreview", ["cancellations:write"], asks(PREVIEW, () => ({ input: cancelInput() }))],
  ["cancelPayment", ["cancellations:write"], asks(CANCEL, () => ({ input: cancelInput() }))],
  [
    "refreshCancellation",
    ["cancellations:resolve", "cancellations:read"],
    (headers) => tryRefresh(fixture.service, randomUUID(), headers),
  ],
  [
    "resolveCancellation",
    ["cancellations:resolve", "cancellations:read"],
    (headers) =>
      tryResolve(fixture.service, { id: randomUUID(), outcome: "FAILED", note: "asked EBP" }, headers),
  ],
];

async function rows(): Promise<number> {
  const [row] = await fixture.service.sql("SELECT count(*)::int AS rows FROM cancellation");
  return row.rows as number;
}

test("every field that can be asked for is here", async () => {
  const { data } = await fixture.service.graphql(
    "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }",
    undefined,
    await fixture.bearer(),
  );
  const { queryType, mutationType } = data.__schema;
  const names = [...queryType.fields, ...mutationType.fields].map(({ name }: { name: string }) => name);
  expect(new Set(names)).toEqual(new Set(ROOT_FIELDS.map(([name]) => name)));
});

describe.each(ROOT_FIELDS)("%s", (name, needed, ask) => {
  test(`is answered to whoever has ${needed.join(" and ")} and nothing else`, async () => {
    const scope = needed.join(" ");
    const { errors, data } = await ask(await fixture.bearer("caller-1", ["SIM-KR"], { scope }));
    expect(errors).toBeUndefined();
    expect(data).toHaveProperty(name);
  });

  test.each(needed)(`is refused to whoever has all but %s, and nothing is done`, async (scope) => {
    const others = SCOPES.filter((other) => other !== scope).join(" ");
    const before = [await rows(), fixture.service.simulator.ledger.totalReceived];
    const { errors, data } = await ask(await fixture.bearer("caller-1", ["SIM-KR"], { scope: others }));
    expect(data?.[name] ?? null).toBeNull();
    expect(errors).toEqual([
      expect.objectContaining({
        path: [name],
        message: `\`${name}\` needs the scope ${scope}, which your token does not have.`,
        extensions: { code: "FORBIDDEN" },
      }),
    ]);
    expect([await rows(), fixture.service.simulator.ledger.totalReceived]).toEqual(before);
  });
});

describe("a scope is not had by", () => {
  test.each<[string, unknown]>([
    ["a token without a scope claim", undefined],
    ["a token with a list of scopes, which is not how the claim is written", [...SCOPES]],
    ["a token with a scope that only begins like it", "cancellations:readers"],
    ["a token with it in capitals", "CANCELLATIONS:READ"],
    ["a token with another service's", "payments:read"],
    ["a token with a pattern", "cancellations:*"],
  ])("%s", async (_what, scope) => {
    const { errors } = await fixture.service.graphql(
      "{ cancellations { totalCount } }",
      undefined,
      await fixture.bearer("caller-1", ["SIM-KR"], { scope }),
    );
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN"]);
  });
});

test("of several fields, those are answered that may be", async () => {
  const { data, errors } = await fixture.service.graphql(
    `query ($input: CancelPaymentInput!) {
      order(orderNo: "O") { orderNo }
      cancellationByKey(idempotencyKey: "k") { id }
      cancelPaymentPreview(input: $input) { wouldSend }
    }`,
    { input: cancelInput() },
    await fixture.bearer("caller-1", ["SIM-KR"], { scope: "cancellations:write" }),
  );
  expect(data).toEqual({
    order: null,
    cancellationByKey: null,
    cancelPaymentPreview: { wouldSend: true },
  });
  expect(errors?.map(({ path }) => path)).toEqual([["order"], ["cancellationByKey"]]);
});

test("whoever may only read cannot have EBP asked", async () => {
  const { id: doubtful } = await fixture.doubtful();
  const readers = await fixture.bearer("reader-1", ["SIM-KR"], { scope: "cancellations:read" });
  const { errors } = await tryRefresh(fixture.service, doubtful, readers);
  expect(errors?.[0].extensions.code).toBe("FORBIDDEN");
  expect(fixture.service.simulator.ledger.lookups()).toHaveLength(0);
  const operators = await fixture.bearer("operator-7", ["SIM-KR"], {
    scope: "cancellations:resolve cancellations:read",
  });
  expect((await refresh(fixture.service, doubtful, operators)).cancellation.id).toBe(doubtful);
});

test("whoever may decide but not read is shown no record, has EBP not asked, and changes nothing", async () => {
  const { id: doubtful } = await fixture.doubtful();
  const scope = { scope: "cancellations:resolve" };
  const blind = await fixture.bearer("operator-7", ["SIM-KR"], scope);
  const input = { id: doubtful, outcome: "FAILED", note: "asked EBP" };
  const recorded = (): Promise<unknown> =>
    fixture.service.sql("SELECT to_jsonb(c) FROM cancellation c WHERE id = $1", [doubtful]);
  const before = await recorded();
  const lookupsBefore = fixture.service.simulator.ledger.lookups().length;
  for (const { data, errors } of [
    await tryRefresh(fixture.service, doubtful, blind),
    await tryResolve(fixture.service, input, blind),
  ]) {
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN"]);
    expect(data).toBeNull();
  }
  expect(fixture.service.simulator.ledger.lookups()).toHaveLength(lookupsBefore);
  expect(await recorded()).toEqual(before);
});
