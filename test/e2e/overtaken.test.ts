import { afterEach, describe, expect, test } from "@jest/globals";
import { createGate, until } from "../helpers/gate.js";
import { read, refresh, resolve } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { useService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";

/** Lookups are decided by EBP when they come, and answered when it is open. */
const gate = createGate();
const service = useService({
  environment: { EBP_TIMEOUT_MS: "20000" },
  simulator: { beforeLookupAnswer: () => gate.pass() },
});
afterEach(() => gate.open());

/** In doubt for an hour, its money not moved, and looked up as soon as somebody looks. */
async function doubtful(prefix = "SIM-CONNECTION-RESET"): Promise<{ id: string; orderNo: string }> {
  const input = cancelInput();
  const orderNo = `${prefix}-${String(input["orderNo"])}`;
  const { cancellation } = await cancel(service, { ...input, orderNo });
  await service.letTimePass("1 hour");
  return { id: cancellation.id as string, orderNo };
}

async function lookedUp(orderNo: string, times = 1): Promise<void> {
  await until(() => service.simulator.ledger.lookups(orderNo).length === times);
}

describe("a lookup that is overtaken", () => {
  test("by another that somebody asks for leaves it to that one, and is kept: nothing may have changed since it asked", async () => {
    const { id, orderNo } = await doubtful();
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
    const { id, orderNo } = await doubtful("SIM-CONNECTION-RESET-AFTER-EFFECT");
    service.simulator.payments.register({ orderNo, total: "1000", captured: true });
    await deliver(service, webhookBody("PAYMENT_CAPTURED", orderNo, 1000));
    gate.close();
    const first = refresh(service, id);
    await lookedUp(orderNo, 1);
    await service.sql("UPDATE cancellation SET fencing_token = fencing_token + 1 WHERE id = $1", [id]);
    gate.open();

    expect((await first).cancellation).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
  });

  test("by an operator who decides otherwise is shown as a contradiction, and counted", async () => {
    const { id, orderNo } = await doubtful();
    gate.close();
    const looking = refresh(service, id);
    await lookedUp(orderNo);
    await resolve(service, { id, outcome: "SUCCEEDED", note: "seen in EBP's console" });
    gate.open();
    await looking;

    const { status, discrepancies } = await read(service, id);
    expect(status).toBe("SUCCEEDED");
    expect(discrepancies).toEqual([
      { field: "status", asked: "SUCCEEDED by OPERATOR", confirmed: "FAILED by LOOKUP" },
    ]);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/^ebp_contradictions_total 1$/mu);
  });
});

test("a webhook is matched while lookups hang", async () => {
  const hanging = await doubtful();
  const told = await doubtful("SIM-CONNECTION-RESET-AFTER-EFFECT");
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
