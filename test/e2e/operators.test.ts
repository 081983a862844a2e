import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { until } from "../helpers/gate.js";
import { read, resolve, stepsOf, tryRefresh, tryResolve } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

const fixture = useTwoStores();

async function totals(orderNo: string): Promise<any> {
  const query = "query ($orderNo: String!) { order(orderNo: $orderNo) { cancelledTotal inDoubtTotal } }";
  return (await fixture.service.graphql(query, { orderNo }, await fixture.bearer())).data.order;
}

describe("an operator", () => {
  test("who found out that nothing was cancelled makes it FAILED, safe to retry, and the order is open again", async () => {
    const { id, input } = await fixture.doubtful();
    const { cancellation, userErrors } = await resolve(
      fixture.service,
      {
        id,
        outcome: "FAILED",
        evenThough: ["SETTLING"],
        note: "EBP's support: never carried out, ticket 17",
      },
      await fixture.bearer(),
    );

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
      evidence: { basis: "EBP's support: never carried out, ticket 17 (Decided even though: SETTLING.)" },
    });
    const again = await cancel(fixture.service, input, await fixture.bearer());
    expect(again).toMatchObject({ replayed: true, userErrors: [{ __typename: "NotCancelledError" }] });
    const retry = await cancel(
      fixture.service,
      { ...input, idempotencyKey: randomUUID() },
      await fixture.bearer(),
    );
    expect(retry.cancellation).toMatchObject({ status: "UNKNOWN" });
    expect(fixture.service.simulator.ledger.received(input.orderNo)).toHaveLength(2);
  });

  test("who found out that it was cancelled makes it SUCCEEDED, and it counts in what the order comes to", async () => {
    const { id, input } = await fixture.doubtful();
    expect(await totals(input.orderNo)).toEqual({ cancelledTotal: "0", inDoubtTotal: "1000" });
    const { cancellation, userErrors } = await resolve(
      fixture.service,
      { id, outcome: "SUCCEEDED", note: "seen in EBP's back office" },
      await fixture.bearer(),
    );
    expect(userErrors).toEqual([]);
    expect(cancellation).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "OPERATOR",
      settlement: "AWAITED",
      returnRequestId: null,
    });
    expect(await totals(input.orderNo)).toEqual({ cancelledTotal: "1000", inDoubtTotal: "0" });
    expect(await cancel(fixture.service, input, await fixture.bearer())).toMatchObject({
      replayed: true,
      userErrors: [],
    });
  });

  test("decides nothing that is decided, or in flight", async () => {
    const headers = await fixture.bearer();
    fixture.gate.close();
    const flying = cancelInput();
    const cancelling = cancel(fixture.service, flying, headers);
    await until(() => fixture.service.simulator.ledger.received(flying["orderNo"] as string).length === 1);
    const { data } = await fixture.service.graphql(
      "{ cancellations(filter: { status: PENDING }) { edges { node { id } } } }",
      {},
      headers,
    );
    const pendingId = data.cancellations.edges[0].node.id;
    const note = "I want it so";
    const pending = await resolve(
      fixture.service,
      { id: pendingId, outcome: "FAILED", evenThough: ["SETTLING"], note },
      headers,
    );
    fixture.gate.open();
    await cancelling;
    const others = [
      (await cancel(fixture.service, cancelInput(), headers)).cancellation,
      (
        await cancel(
          fixture.service,
          cancelInput({ orderNo: `SIM-CANCELLATION-FAILED-${randomUUID()}` }),
          headers,
        )
      ).cancellation,
    ];

    expect(pending).toMatchObject({
      cancellation: { id: pendingId, status: "PENDING" },
      userErrors: [
        { __typename: "NotInDoubtError", code: "NOT_IN_DOUBT", status: "PENDING", field: "input.id" },
      ],
    });
    for (const before of others) {
      for (const outcome of ["SUCCEEDED", "FAILED"]) {
        const { cancellation, userErrors } = await resolve(
          fixture.service,
          { id: before.id, outcome, note },
          headers,
        );
        expect(cancellation).toMatchObject(before);
        expect(userErrors).toMatchObject([{ __typename: "NotInDoubtError", status: before.status }]);
      }
    }
  });

  test.each([
    ["no note", ""],
    ["a note of blanks", "  "],
    ["a note that is too long", "x".repeat(2_001)],
    ["a note with the account number", "paid out to 1029384756"],
    ["a note with the account number in groups", "paid out to 1029-3847-56"],
  ])("is refused with %s, which is repeated nowhere", async (_what, note) => {
    const { id } = await fixture.doubtful({
      refundAccount: { accountNumber: "102-9384-756", accountHolderName: "Zaphod Quibblewick" },
    });
    const answer = await tryResolve(
      fixture.service,
      { id, outcome: "FAILED", evenThough: ["SETTLING"], note },
      await fixture.bearer(),
    );
    expect(answer.data.resolveCancellation).toMatchObject({
      cancellation: null,
      userErrors: [{ __typename: "InvalidInputError", code: "INVALID_INPUT", field: "input.note" }],
    });
    expect(answer.text).not.toMatch(/1029|zaphod/iu);
    expect((await read(fixture.service, id, await fixture.bearer())).status).toBe("UNKNOWN");
  });

  test("cannot leave out the note, or invent an outcome", async () => {
    const { id } = await fixture.doubtful();
    for (const input of [
      { id, outcome: "FAILED" },
      { id, outcome: "UNKNOWN", note: "n" },
    ]) {
      const { errors } = await tryResolve(fixture.service, input, await fixture.bearer());
      expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
    }
  });

  test("is answered alike for an id that is nobody's and one of another store", async () => {
    const { id } = await fixture.doubtful();
    const foreign = await fixture.bearer("operator-8", ["SIM-TWO"]);
    const decision = { outcome: "FAILED", evenThough: ["SETTLING"], note: "mine now" };
    const answers = await Promise.all(
      [id, randomUUID()].map((each) => resolve(fixture.service, { id: each, ...decision }, foreign)),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({
      cancellation: null,
      userErrors: [{ __typename: "InvalidInputError", field: "input.id" }],
    });
    const { errors } = await tryResolve(fixture.service, { id: "1", ...decision }, foreign);
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: "input.id" } }]);
    expect((await read(fixture.service, id, await fixture.bearer())).status).toBe("UNKNOWN");
  });

  test("without a token decides nothing", async () => {
    const { id } = await fixture.doubtful();
    for (const attempt of [
      tryResolve(fixture.service, { id, outcome: "FAILED", evenThough: ["SETTLING"], note: "n" }),
      tryRefresh(fixture.service, id),
    ])
      expect((await attempt).status).toBe(401);
    expect((await read(fixture.service, id, await fixture.bearer())).status).toBe("UNKNOWN");
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
    const found = await read(fixture.service, id, await fixture.bearer());

    expect(won.userErrors).toEqual([]);
    expect(lost.userErrors).toMatchObject([
      { __typename: "NotInDoubtError", status: won.cancellation.status },
    ]);
    expect(found.events.filter(({ source }: any) => source === "OPERATOR")).toMatchObject([
      { to: won.cancellation.status, actor: won === one ? "operator-1" : "operator-2" },
    ]);
  });

  test("wins over a lookup that is under way, whose answer is kept as evidence", async () => {
    const { id, input } = await fixture.doubtful();
    fixture.lookupGate.close();
    await fixture.service.letTimePass("1 hour");
    const looking = fixture.service.reconcile();
    await until(() => fixture.service.simulator.ledger.lookups(input.orderNo).length === 1);
    const { cancellation } = await resolve(
      fixture.service,
      { id, outcome: "SUCCEEDED", note: "seen" },
      await fixture.bearer(),
    );
    fixture.lookupGate.open();
    const counts = await looking;

    expect(cancellation.status).toBe("SUCCEEDED");
    expect(counts.overtaken).toBeGreaterThanOrEqual(1);
    const found = await read(fixture.service, id, await fixture.bearer());
    expect(stepsOf(found).slice(-2)).toEqual([
      "UNKNOWN → SUCCEEDED by OPERATOR",
      "SUCCEEDED → SUCCEEDED by LOOKUP",
    ]);
  });
});
