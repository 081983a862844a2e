import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { until } from "../helpers/gate.js";
import { orderTotals, read, refresh, resolve, settle, tryResolve } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import type { GraphQLAnswer } from "../helpers/service.js";
import { useTwoStores } from "../helpers/two-stores.js";

const fixture = useTwoStores();

/** Whoever may do everything in the one store. */
const operator = {
  graphql: async (query: string, variables?: object): Promise<GraphQLAnswer> =>
    fixture.service.graphql(query, variables, await fixture.bearer()),
};

describe("an operator", () => {
  test("who found out that nothing was cancelled makes it FAILED, safe to retry, and the order is open again", async () => {
    const { id, input } = await fixture.doubtful();
    const note = "EBP's support: never carried out, ticket 17";
    const { cancellation, userErrors } = await resolve(operator, {
      id,
      outcome: "FAILED",
      evenThough: ["SETTLING"],
      note,
    });

    expect(userErrors).toEqual([]);
    expect(cancellation).toMatchObject({
      status: "FAILED",
      resolvedBy: "OPERATOR",
      safeToRetry: true,
      settlement: null,
      requestedBy: "caller-1",
      nextStep: null,
    });
    expect(cancellation.events.at(-1)).toMatchObject({
      from: "UNKNOWN",
      to: "FAILED",
      source: "OPERATOR",
      actor: "operator-7",
      evidence: { basis: `${note} (Decided even though: SETTLING.)` },
    });
    const again = await cancel(operator, input);
    expect(again).toMatchObject({
      replayed: true,
      userErrors: [{ __typename: "NotCancelledError", nextAction: "RETRY_NEW_KEY" }],
    });
    const retry = await cancel(operator, { ...input, idempotencyKey: randomUUID() });
    expect(retry.cancellation).toMatchObject({ status: "UNKNOWN" });
    expect(fixture.service.simulator.ledger.received(input.orderNo)).toHaveLength(2);
  });

  test("who found out that it was cancelled makes it SUCCEEDED, and it counts in what the order comes to", async () => {
    const { id, input } = await fixture.doubtful();
    expect(await orderTotals(operator, input.orderNo)).toEqual({ cancelledTotal: "0", inDoubtTotal: "1000" });
    const note = "seen in EBP's back office";
    const { cancellation, userErrors } = await resolve(operator, { id, outcome: "SUCCEEDED", note });
    expect(userErrors).toEqual([]);
    expect(cancellation).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "OPERATOR",
      settlement: "AWAITED",
      returnRequestId: null,
    });
    expect(await orderTotals(operator, input.orderNo)).toEqual({ cancelledTotal: "1000", inDoubtTotal: "0" });
    expect(await cancel(operator, input)).toMatchObject({ replayed: true, userErrors: [] });
  });

  test("decides nothing that is decided, or in flight", async () => {
    const decision = { outcome: "FAILED", evenThough: ["SETTLING"], note: "I want it so" };
    fixture.gate.close();
    const flying: any = cancelInput();
    const cancelling = cancel(operator, flying);
    await until(() => fixture.service.simulator.ledger.received(flying.orderNo).length === 1);
    const { data } = await operator.graphql(
      "{ cancellations(filter: { statuses: PENDING }) { edges { node { id } } } }",
    );
    const [{ node }] = data.cancellations.edges;
    const pending = await resolve(operator, { id: node.id, ...decision });
    fixture.gate.open();
    const before = (await cancelling).cancellation;

    expect(pending).toMatchObject({
      cancellation: { id: node.id, status: "PENDING" },
      userErrors: [
        {
          __typename: "NotInDoubtError",
          code: "NOT_IN_DOUBT",
          status: "PENDING",
          field: ["input", "id"],
          nextAction: "WAIT",
        },
      ],
    });
    const { cancellation, userErrors } = await resolve(operator, { id: node.id, ...decision });
    expect(cancellation).toMatchObject(before);
    expect(userErrors).toMatchObject([
      { __typename: "NotInDoubtError", status: "SUCCEEDED", nextAction: "NONE" },
    ]);
  });

  test.each([
    ["no note", ""],
    ["a note that is too long", "x".repeat(2_001)],
    ["a note with the account number in groups", "paid out to 1029-3847-56"],
  ])("is refused with %s, which is repeated nowhere", async (_what, note) => {
    const { id } = await fixture.doubtful({
      refundAccount: { accountNumber: "102-9384-756", accountHolderName: "Zaphod Quibblewick" },
    });
    const decision = { id, outcome: "FAILED", evenThough: ["SETTLING"], note };
    const answer = await tryResolve(operator, decision);
    expect(answer.data.resolveCancellation).toMatchObject({
      cancellation: null,
      userErrors: [{ __typename: "InvalidInputError", code: "INVALID_INPUT", field: ["input", "note"] }],
    });
    expect(answer.text).not.toMatch(/1029|zaphod/iu);
    expect((await read(operator, id)).status).toBe("UNKNOWN");
  });

  test("who decides at the same time as another: one wins, and the other is told what it is now", async () => {
    const { id } = await fixture.doubtful();
    const [one, two] = await Promise.all([
      resolve(fixture.service, { id, outcome: "SUCCEEDED", note: "one" }, await fixture.bearer("operator-1")),
      resolve(
        fixture.service,
        { id, outcome: "FAILED", evenThough: ["SETTLING"], note: "two" },
        await fixture.bearer("operator-2"),
      ),
    ]);
    const [won, lost] = one.userErrors.length === 0 ? [one, two] : [two, one];

    expect(won.userErrors).toEqual([]);
    expect(lost.userErrors).toMatchObject([
      { __typename: "NotInDoubtError", status: won.cancellation.status },
    ]);
    const { events } = await read(operator, id);
    expect(events.filter(({ source }: any) => source === "OPERATOR")).toMatchObject([
      { to: won.cancellation.status, actor: won === one ? "operator-1" : "operator-2" },
    ]);
  });
});

describe("a refresh", () => {
  test("decides at once what a lookup can decide, and brings the errors of what it has become", async () => {
    const { id } = await fixture.doubtful();
    await fixture.service.letTimePass("1 hour");
    const { cancellation, userErrors } = await refresh(operator, id);
    expect(cancellation).toMatchObject({ status: "FAILED", resolvedBy: "LOOKUP", safeToRetry: true });
    expect(userErrors).toMatchObject([{ __typename: "NotCancelledError" }]);
  });

  test("that proves nothing keeps what it saw, counts as no scheduled lookup, and does not put off the next", async () => {
    const { id } = await fixture.doubtful();
    const before = await read(operator, id);
    const { cancellation, userErrors } = await refresh(operator, id);

    expect(userErrors).toMatchObject([{ __typename: "OutcomeUnknownError", cancellation: { id } }]);
    expect(cancellation).toMatchObject({
      status: "UNKNOWN",
      lookups: before.lookups,
      nextCheckAt: before.nextCheckAt,
      inDoubtSince: before.inDoubtSince,
    });
    expect(cancellation.events).toHaveLength(3);
    expect(cancellation.events.at(-1)).toMatchObject({ source: "LOOKUP", to: "UNKNOWN" });
  });

  test("is possible when nothing more is planned, and plans nothing", async () => {
    const { id } = await fixture.doubtful();
    await fixture.service.sql("UPDATE cancellation SET next_check_at = NULL WHERE id = $1", [id]);
    const { cancellation, userErrors } = await refresh(operator, id);
    expect(cancellation).toMatchObject({ status: "UNKNOWN", nextCheckAt: null, nextStep: "OPERATOR" });
    expect(userErrors[0].message).toContain("An operator has to find out");
  });

  test("leaves what is decided as it is, without asking EBP", async () => {
    const { cancellation: before } = await cancel(operator, cancelInput());
    const { cancellation, userErrors } = await refresh(operator, before.id);
    expect(cancellation).toMatchObject(before);
    expect(userErrors).toEqual([]);
    expect(fixture.service.simulator.ledger.lookups(before.orderNo)).toHaveLength(0);
  });

  test("asked for ten times at once sends nothing that moves money, and ends in one state", async () => {
    const { id, input } = await fixture.doubtful();
    await fixture.service.letTimePass("1 hour");
    const results = await Promise.all(Array.from({ length: 10 }, () => refresh(operator, id)));
    await settle(fixture.service, "1 hour");
    const found = await read(operator, id);
    const statuses = results.map(({ cancellation }) => cancellation.status);
    expect(["UNKNOWN", "FAILED"]).toEqual(expect.arrayContaining(statuses));
    expect(found.status).toBe("FAILED");
    expect(found.events.filter(({ from, to }: any) => from !== to)).toHaveLength(3);
    expect(fixture.service.simulator.ledger.received(input.orderNo)).toHaveLength(1);
  });
});
