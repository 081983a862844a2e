import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { read, refresh, settle, tryRefresh } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useTwoStores } from "../helpers/two-stores.js";

const fixture = useTwoStores();

describe("a refresh", () => {
  test("decides at once what a lookup can decide, and brings the errors of what it has become", async () => {
    const { id } = await fixture.doubtful();
    await fixture.service.letTimePass("1 hour");
    const { cancellation, userErrors } = await refresh(fixture.service, id, await fixture.bearer());
    expect(cancellation).toMatchObject({ status: "FAILED", resolvedBy: "LOOKUP", safeToRetry: true });
    expect(userErrors).toMatchObject([{ __typename: "NotCancelledError" }]);
  });

  test("that proves nothing keeps what it saw, counts as no scheduled lookup, and does not put off the next", async () => {
    const { id } = await fixture.doubtful();
    await fixture.service.sql(
      "UPDATE cancellation SET next_check_at = clock_timestamp() + interval '5 minutes' WHERE id = $1",
      [id],
    );
    const before = await read(fixture.service, id, await fixture.bearer());
    const { cancellation, userErrors } = await refresh(fixture.service, id, await fixture.bearer());

    expect(userErrors).toMatchObject([{ __typename: "OutcomeUnknownError", cancellationId: id }]);
    expect(cancellation).toMatchObject({
      status: "UNKNOWN",
      lookups: before.lookups,
      nextCheckAt: before.nextCheckAt,
      inDoubtSince: before.inDoubtSince,
    });
    expect(cancellation.events).toHaveLength(3);
    expect(cancellation.events.at(-1)).toMatchObject({ source: "LOOKUP", to: "UNKNOWN" });
  });

  test("made again and again does not keep the scheduled lookup from being made", async () => {
    const { id } = await fixture.doubtful();
    await fixture.service.letTimePass("0 s");
    const before = await fixture.service.sql("SELECT next_check_at FROM cancellation WHERE id = $1", [id]);
    for (let n = 0; n < 3; n += 1) await refresh(fixture.service, id, await fixture.bearer());
    const [after] = await fixture.service.sql(
      "SELECT next_check_at < $2::timestamptz + interval '1 minute' AS soon FROM cancellation WHERE id = $1",
      [id, before[0].next_check_at],
    );
    expect(after.soon).toBe(true);
  });

  test("is possible when nothing more is planned, and plans nothing", async () => {
    const { id } = await fixture.doubtful();
    await fixture.service.sql("UPDATE cancellation SET next_check_at = NULL WHERE id = $1", [id]);
    const { cancellation, userErrors } = await refresh(fixture.service, id, await fixture.bearer());
    expect(cancellation).toMatchObject({ status: "UNKNOWN", nextCheckAt: null, nextStep: "OPERATOR" });
    expect(userErrors[0].message).toContain("an operator");
  });

  test("leaves what is decided as it is, without asking EBP", async () => {
    const input = cancelInput();
    const { cancellation: before } = await cancel(fixture.service, input, await fixture.bearer());
    const { cancellation, userErrors } = await refresh(fixture.service, before.id, await fixture.bearer());
    expect(cancellation).toMatchObject(before);
    expect(userErrors).toEqual([]);
    expect(fixture.service.simulator.ledger.lookups(input["orderNo"] as string)).toHaveLength(0);
  });

  test("is answered alike for an id that is nobody's and one of another store, and asks EBP nothing", async () => {
    const { id, input } = await fixture.doubtful();
    const foreign = await fixture.bearer("operator-8", ["SIM-TWO"]);
    const answers = await Promise.all(
      [id, randomUUID()].map((each) => refresh(fixture.service, each, foreign)),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({
      cancellation: null,
      userErrors: [{ code: "INVALID_INPUT", field: "id" }],
    });
    expect(fixture.service.simulator.ledger.lookups(input.orderNo)).toHaveLength(0);
    const { errors } = await tryRefresh(fixture.service, "1", foreign);
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT", field: "id" } }]);
  });

  test("asked for ten times at once sends nothing that moves money, and ends in one state", async () => {
    const { id, input } = await fixture.doubtful();
    await fixture.service.letTimePass("1 hour");
    const headers = await fixture.bearer();
    const results = await Promise.all(
      Array.from({ length: 10 }, () => refresh(fixture.service, id, headers)),
    );
    await settle(fixture.service, "1 hour");
    const found = await read(fixture.service, id, headers);
    expect(results.every(({ cancellation }) => ["UNKNOWN", "FAILED"].includes(cancellation.status))).toBe(
      true,
    );
    expect(found.status).toBe("FAILED");
    expect(found.events.filter(({ from, to }: any) => from !== to)).toHaveLength(3);
    expect(fixture.service.simulator.ledger.received(input.orderNo)).toHaveLength(1);
  });
});
