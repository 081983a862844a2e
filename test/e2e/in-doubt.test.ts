import { afterEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createGate, until } from "../helpers/gate.js";
import { read, refresh, resolve, settle, stepsOf } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { WEBHOOK_SECRET, useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

/** Lookups are decided by EBP when they come, and answered when it is open. */
const gate = createGate();
const service = useService({
  environment: { EBP_TIMEOUT_MS: "20000" },
  simulator: { beforeLookupAnswer: () => gate.pass() },
});
afterEach(() => gate.open());

/** A cancel whose answer proves nothing; its money has not moved. */
async function doubtful(
  orderNo = `SIM-CONNECTION-RESET-${randomUUID()}`,
): Promise<{ id: string; orderNo: string }> {
  const { cancellation, userErrors } = await cancel(service, cancelInput({ orderNo }));
  expect(cancellation.status).toBe("UNKNOWN");
  expect(userErrors).toMatchObject([
    { __typename: "OutcomeUnknownError", code: "OUTCOME_UNKNOWN", cancellation: { id: cancellation.id } },
  ]);
  return { id: cancellation.id, orderNo };
}

/** Makes the payment's total known to EBP, and has its capture told by webhook. */
async function capture(orderNo: string, total: string): Promise<void> {
  service.simulator.sendWebhooksTo({ url: `${service.url}/webhooks/ebp`, secret: WEBHOOK_SECRET });
  service.simulator.payments.register({ orderNo, total, captured: true });
  await service.simulator.settledWebhooks();
  service.simulator.sendWebhooksTo(null);
}

async function lookedUp(orderNo: string, times = 1): Promise<void> {
  await until(() => service.simulator.ledger.lookups(orderNo).length === times);
}

describe("a cancel in doubt", () => {
  test("of a part of a payment stays so: some cancel is there, but which is not said", async () => {
    const orderNo = `SIM-CANCELLATION-ERROR-AFTER-EFFECT-${randomUUID()}`;
    await capture(orderNo, "5000");
    const { id } = await doubtful(orderNo);
    await settle(service, "1 day");
    const found = await read(service, id);
    expect(found.status).toBe("UNKNOWN");
    expect(found.events.at(-1).evidence.basis).toContain("EBP does not say that this one did");
  });

  test("is listed with its age, its lookups, what happens next, and the evidence so far", async () => {
    const { id } = await doubtful(`SIM-SYSTEM-CRITICAL-${randomUUID()}`);
    await service.letTimePass("2 hours");
    const list = async (): Promise<any> => {
      const { data } = await service.graphql(
        `{ cancellations(filter: { statuses: UNKNOWN }) { edges { node {
             id inDoubtSince inDoubtSeconds lookups nextCheckAt nextStep safeToRetry
             events { at from to source actor evidence { basis httpStatus resultCode requestId digest } } } } } }`,
      );
      return data.cancellations.edges.find(({ node }: any) => node.id === id)?.node;
    };
    const found = await list();

    expect(found).toMatchObject({ lookups: 0, nextStep: "LOOKUP", safeToRetry: false });
    expect(found.inDoubtSeconds).toBeGreaterThanOrEqual(7_200);
    expect(Date.parse(found.nextCheckAt)).toBeGreaterThan(Date.parse(found.inDoubtSince));
    expect(found.events.at(-1)).toMatchObject({
      from: "PENDING",
      to: "UNKNOWN",
      source: "RESPONSE",
      evidence: { httpStatus: 500, resultCode: "EBP-C-0012" },
    });
    await service.sql("UPDATE cancellation SET next_check_at = NULL WHERE id = $1", [id]);
    expect(await list()).toMatchObject({ nextCheckAt: null, nextStep: "OPERATOR" });
  });
});

describe("a process that went away while it sent", () => {
  async function abandoned(): Promise<string> {
    const orderNo = `ORD-${randomUUID()}`;
    await capture(orderNo, "1000");
    const refundAccount = { accountNumber: "1029384756" };
    const { cancellation } = await cancel(service, cancelInput({ orderNo, refundAccount }));
    await service.sql(
      `UPDATE cancellation SET status = 'PENDING', safe_to_retry = false, settlement = NULL, resolved_by = NULL,
         resolved_at = NULL, answered_at = NULL, sent_at = NULL, in_doubt_since = NULL, failure_kind = NULL,
         failure_message = NULL, next_check_at = statement_timestamp() + interval '1 hour' WHERE id = $1`,
      [cancellation.id],
    );
    await service.sql("UPDATE cancelled_order SET cancelled_total = 0 WHERE order_no = $1", [orderNo]);
    return cancellation.id;
  }

  test("leaves a row that nobody touches before its lease has run out, and that a refresh then takes through both steps", async () => {
    const id = await abandoned();
    await service.reconcile();
    expect(await refresh(service, id)).toMatchObject({
      cancellation: { status: "PENDING", nextStep: "OUTCOME" },
      userErrors: [{ code: "CANCEL_IN_PROGRESS" }],
    });
    expect((await read(service, id)).status).toBe("PENDING");

    await service.letTimePass("0 s");
    const { cancellation, userErrors } = await refresh(service, id);
    expect(cancellation).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
    expect(userErrors).toEqual([]);
    expect(stepsOf(cancellation).slice(-2)).toEqual([
      "PENDING → UNKNOWN by RECOVERY",
      "UNKNOWN → SUCCEEDED by LOOKUP",
    ]);
    expect(service.simulator.ledger.received(cancellation.orderNo)).toHaveLength(1);
  });

  test("leaves one that comes into doubt although its sealed account cannot be opened: finding that out needs none", async () => {
    const id = await abandoned();
    await service.sql("UPDATE cancellation SET refund_account_sealed = '\\xdead' WHERE id = $1", [id]);
    await service.letTimePass("0 s");
    await service.reconcile();
    const { status } = await read(service, id);
    await service.sql("UPDATE cancellation SET refund_account_sealed = NULL WHERE id = $1", [id]);
    expect(status).toBe("UNKNOWN");
  });
});

describe("a lookup that is overtaken", () => {
  test("by another that somebody asks for leaves it to that one, and is kept: nothing may have changed since it asked", async () => {
    const { id, orderNo } = await doubtful();
    await service.letTimePass("1 hour");
    gate.close();
    const first = refresh(service, id);
    await lookedUp(orderNo, 1);
    const second = refresh(service, id);
    await lookedUp(orderNo, 2);
    gate.open();
    const results = await Promise.all([first, second]);

    expect(results[1].cancellation.status).toBe("FAILED");
    const { events, discrepancies } = await read(service, id);
    expect(events.filter(({ source }: any) => source === "LOOKUP")).toHaveLength(2);
    expect(events.filter(({ from, to }: any) => from !== to)).toHaveLength(3);
    expect(discrepancies).toEqual([]);
  });

  test("by another still decides when it shows that money has moved: that stays so", async () => {
    const orderNo = `SIM-CONNECTION-RESET-AFTER-EFFECT-${randomUUID()}`;
    await capture(orderNo, "1000");
    const { id } = await doubtful(orderNo);
    await service.letTimePass("1 hour");
    gate.close();
    const first = refresh(service, id);
    await lookedUp(orderNo);
    await service.sql("UPDATE cancellation SET fencing_token = fencing_token + 1 WHERE id = $1", [id]);
    gate.open();

    expect((await first).cancellation).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
  });

  test("by an operator who decides otherwise is shown as a contradiction, and counted", async () => {
    const { id, orderNo } = await doubtful();
    await service.letTimePass("1 hour");
    gate.close();
    const looking = refresh(service, id);
    await lookedUp(orderNo);
    await resolve(service, { id, outcome: "SUCCEEDED", note: "seen in EBP's console" });
    gate.open();
    await looking;

    const found = await read(service, id);
    expect(found.discrepancies).toEqual([
      { field: "status", asked: "SUCCEEDED by OPERATOR", confirmed: "FAILED by LOOKUP" },
    ]);
    expect(stepsOf(found).slice(-2)).toEqual([
      "UNKNOWN → SUCCEEDED by OPERATOR",
      "SUCCEEDED → SUCCEEDED by LOOKUP",
    ]);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/^ebp_contradictions_total 1$/mu);
  });
});

test("a webhook is matched while lookups hang", async () => {
  const hanging = await doubtful();
  const told = await doubtful(`SIM-CONNECTION-RESET-AFTER-EFFECT-${randomUUID()}`);
  await service.letTimePass("1 hour");
  await service.sql("UPDATE cancellation SET next_check_at = now() + interval '1 day' WHERE id = $1", [
    told.id,
  ]);
  await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", told.orderNo, 1000));
  gate.close();
  const reconciling = service.reconcile();
  await lookedUp(hanging.orderNo);
  await until(async () => (await read(service, told.id)).status === "SUCCEEDED");
  gate.open();

  expect(await reconciling).toMatchObject({ matched: 1 });
  expect((await read(service, hanging.id)).status).toBe("FAILED");
});
