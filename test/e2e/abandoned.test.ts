import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { databaseUrl, withConnection } from "../helpers/connection.js";
import { read, refresh, settle, stepsOf } from "../helpers/in-doubt.js";
import { cancel, cancelInput, tryCancel } from "../helpers/operations.js";
import { WEBHOOK_SECRET, useService } from "../helpers/service.js";

const service = useService({ environment: { EBP_TIMEOUT_MS: "1000" } });

const NUMBER = "1029384756";

/** A cancel whose answer proves nothing, of an order number that makes the simulator behave so. */
async function doubtful(
  behaviour: string,
  changes: object = {},
): Promise<{ input: any; id: string; orderNo: string }> {
  const input: any = cancelInput({ orderNo: `${behaviour}-${randomUUID()}`, ...changes });
  const { cancellation, userErrors } = await cancel(service, input);
  expect(cancellation.status).toBe("UNKNOWN");
  expect(userErrors).toMatchObject([
    { __typename: "OutcomeUnknownError", code: "OUTCOME_UNKNOWN", cancellationId: cancellation.id },
  ]);
  return { input, id: cancellation.id, orderNo: input.orderNo };
}

/** Makes the payment's total known to EBP, and has its capture told by webhook. */
async function capture(orderNo: string, total: string): Promise<void> {
  service.simulator.sendWebhooksTo({ url: `${service.url}/webhooks/ebp`, secret: WEBHOOK_SECRET });
  service.simulator.payments.register({ orderNo, total, captured: true });
  await service.simulator.settledWebhooks();
  service.simulator.sendWebhooksTo(null);
}

describe("a process that went away while it sent", () => {
  async function abandoned(orderNo: string): Promise<string> {
    const { cancellation } = await cancel(
      service,
      cancelInput({ orderNo, refundAccount: { accountNumber: NUMBER } }),
    );
    await service.sql(
      `UPDATE cancellation SET status = 'PENDING', safe_to_retry = false, settlement = NULL, resolved_by = NULL,
         resolved_at = NULL, answered_at = NULL, sent_at = NULL, in_doubt_since = NULL, failure_kind = NULL,
         failure_message = NULL, next_check_at = clock_timestamp() + interval '3 s' WHERE id = $1`,
      [cancellation.id],
    );
    await service.sql("UPDATE cancelled_order SET cancelled_total = 0 WHERE order_no = $1", [orderNo]);
    return cancellation.id;
  }

  test("leaves a row that is in doubt once its lease has run out, is never sent again, and is decided by a lookup", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    await capture(orderNo, "1000");
    const id = await abandoned(orderNo);
    await service.restart();
    await service.reconcile();
    expect((await read(service, id)).status).toBe("PENDING");
    expect(await refresh(service, id)).toMatchObject({
      cancellation: { status: "PENDING", nextStep: "OUTCOME" },
      userErrors: [{ code: "CANCEL_IN_PROGRESS" }],
    });

    await service.letTimePass("0 s");
    await service.reconcile();
    expect(await read(service, id)).toMatchObject({ status: "UNKNOWN", nextStep: "LOOKUP" });
    await settle(service, "1 min");
    const found = await read(service, id);
    expect(found).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
    expect(stepsOf(found).slice(-2)).toEqual([
      "PENDING → UNKNOWN by RECOVERY",
      "UNKNOWN → SUCCEEDED by LOOKUP",
    ]);
    expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
  });

  test("leaves one that a refresh takes through both steps at once", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    await capture(orderNo, "1000");
    const id = await abandoned(orderNo);
    await service.letTimePass("0 s");
    const { cancellation, userErrors } = await refresh(service, id);
    expect(cancellation).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
    expect(userErrors).toEqual([]);
  });

  test("leaves one that comes into doubt although its sealed account cannot be opened: finding that out needs none", async () => {
    const id = await abandoned(`ORD-${randomUUID()}`);
    await service.sql("UPDATE cancellation SET refund_account_sealed = '\\xdead' WHERE id = $1", [id]);
    await service.letTimePass("0 s");
    await service.reconcile();
    const { status } = await read(service, id);
    await service.sql("UPDATE cancellation SET refund_account_sealed = NULL WHERE id = $1", [id]);
    expect(status).toBe("UNKNOWN");
  });
});

test("one row that cannot be looked at stops none of the others, and is counted as failed", async () => {
  await settle(service, "1 hour");
  const bad = await doubtful("SIM-CONNECTION-RESET", { refundAccount: { accountNumber: NUMBER } });
  await service.sql("UPDATE cancellation SET refund_account_sealed = '\\xdeadbeef' WHERE id = $1", [bad.id]);
  const good = [await doubtful("SIM-CONNECTION-RESET"), await doubtful("SIM-CONNECTION-RESET")];
  await service.letTimePass("1 hour");
  const counts = await service.reconcile();

  expect(counts.failed).toBe(1);
  for (const { id } of good) expect((await read(service, id)).status).toBe("FAILED");
  const left = await read(service, bad.id);
  expect(left).toMatchObject({ status: "UNKNOWN", lookups: 1, nextStep: "LOOKUP" });
  expect(Date.parse(left.nextCheckAt)).toBeGreaterThan(Date.now() - 60_000);
});

test("a cancel whose intent cannot be stored is told to be not sent, is not sent, and works under the same key later", async () => {
  const name = new URL(service.databaseUrl).pathname.slice(1);
  const letIn = (allowed: boolean): Promise<unknown> =>
    withConnection(databaseUrl(service.databaseUrl, "postgres"), async (client) => {
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
      if (!allowed)
        await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
          name,
        ]);
    });
  const input = cancelInput();
  const before = service.simulator.ledger.totalReceived;
  await letIn(false);
  const { data, errors } = await tryCancel(service, input).finally(() => letIn(true));

  expect(data).toBeNull();
  expect(errors).toMatchObject([
    {
      message: expect.stringContaining("This call sent nothing"),
      extensions: { code: "SERVICE_UNAVAILABLE" },
    },
  ]);
  expect(service.simulator.ledger.totalReceived).toBe(before);
  expect(await cancel(service, input)).toMatchObject({
    replayed: false,
    cancellation: { status: "SUCCEEDED" },
  });
});
