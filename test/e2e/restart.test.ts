import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cancel, cancelInput, CANCELLATION_FIELDS } from "../helpers/operations.js";
import { startService, type TestService } from "../helpers/service.js";

let service: TestService;
beforeEach(async () => (service = await startService({ environment: { EBP_TIMEOUT_MS: "1500" } })));
afterEach(() => service.close());

/** Sends, then makes the row what a crash at that point would have left. */
async function leftBehind(status: string, orderNo: string): Promise<Record<string, unknown>> {
  const input = cancelInput({ orderNo, refundAccount: { accountNumber: "1234567890" } });
  const { cancellation } = await cancel(service, input);
  if (status === "PENDING") {
    await service.sql(
      `UPDATE cancellation SET
         status = 'PENDING', resolved_by = NULL, resolved_at = NULL, answered_at = NULL,
         next_check_at = now() + interval '15 seconds'
       WHERE id = $1`,
      [cancellation.id],
    );
  }
  await service.restart();
  return input;
}

describe("after a restart", () => {
  test.each([
    ["SUCCEEDED", "ORD-1", []],
    ["FAILED", "SIM-CANCELLATION-FAILED-1", ["REJECTED_BY_EBP"]],
    ["UNKNOWN", "SIM-SYSTEM-CRITICAL-1", ["OUTCOME_UNKNOWN"]],
    ["PENDING", "ORD-1", ["CANCEL_IN_PROGRESS"]],
  ])(
    "continues from %s: a repeated request gets it as it stands, and nothing is sent again",
    async (status, orderNo, codes) => {
      const input = await leftBehind(status, orderNo);
      const { cancellation, replayed, userErrors } = await cancel(service, input);

      expect([cancellation.status, replayed]).toEqual([status, true]);
      expect(userErrors.map(({ code }: { code: string }) => code)).toEqual(codes);
      expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
    },
  );

  test("the history is what it was", async () => {
    const query = `{ cancellations { edges { node { ${CANCELLATION_FIELDS} } } } }`;
    await cancel(service, cancelInput());
    await cancel(
      service,
      cancelInput({ orderNo: "SIM-DISCREPANCY-1", reason: "감사합니다", note: "one\ntwo" }),
    );
    const before = await service.graphql(query);
    await service.restart();

    expect((await service.graphql(query)).data).toEqual(before.data);
  });
});
