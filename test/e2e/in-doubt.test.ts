import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { orderTotals, read, settle, stepsOf } from "../helpers/in-doubt.js";
import { cancel, cancelInput } from "../helpers/operations.js";
import { WEBHOOK_SECRET, useService } from "../helpers/service.js";

const service = useService({ environment: { EBP_TIMEOUT_MS: "1000" } });

const NUMBER = "1029384756";
const HOLDER = "Zaphod Quibblewick";

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

function effects(orderNo: string): number {
  return service.simulator.ledger.effects(orderNo).length;
}

/** Makes the payment's total known to EBP, and has its capture told by webhook. */
async function capture(orderNo: string, total: string): Promise<void> {
  service.simulator.sendWebhooksTo({ url: `${service.url}/webhooks/ebp`, secret: WEBHOOK_SECRET });
  service.simulator.payments.register({ orderNo, total, captured: true });
  await service.simulator.settledWebhooks();
  service.simulator.sendWebhooksTo(null);
}

describe("a cancel that timed out", () => {
  test("before it took effect is UNKNOWN, stays so at a lookup that comes too early, and fails at one that comes late enough", async () => {
    const { input, id, orderNo } = await doubtful("SIM-TIMEOUT-BEFORE-EFFECT");
    await settle(service, "1 min");
    const early = await read(service, id);
    const looked = early.events.at(-1);

    expect(early).toMatchObject({ status: "UNKNOWN", safeToRetry: false, nextStep: "LOOKUP" });
    expect(early.lookups).toBeGreaterThan(0);
    expect(looked).toMatchObject({ from: "UNKNOWN", to: "UNKNOWN", source: "LOOKUP" });
    expect(looked.evidence).toMatchObject({ httpStatus: 200, resultCode: "0" });
    expect(looked.evidence.basis).toContain("may still be carrying it out");
    expect(looked.evidence.digest).toBeNull();
    expect(looked.evidence.requestId).toMatch(/\S/u);

    await settle(service, "1 hour");
    expect(await read(service, id)).toMatchObject({
      status: "FAILED",
      resolvedBy: "LOOKUP",
      safeToRetry: true,
      settlement: null,
      nextCheckAt: null,
      nextStep: null,
      inDoubtSeconds: null,
    });
    const again = await cancel(service, input);
    expect(again).toMatchObject({ replayed: true, cancellation: { status: "FAILED" } });
    expect(again.userErrors).toMatchObject([{ __typename: "NotCancelledError", code: "NOT_CANCELLED" }]);
    expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
    expect(effects(orderNo)).toBe(0);
  });

  test("and is found to have cancelled nothing can be tried again under a new key, which moves money once", async () => {
    const { input, id, orderNo } = await doubtful("SIM-TIMEOUT-BEFORE-EFFECT");
    // From now on the order has a number that the simulator lets through.
    const cured = `ORD-${randomUUID()}`;
    service.simulator.payments.register({ orderNo: cured, total: "1000", captured: true });
    for (const table of ["cancellation", "cancelled_order"])
      await service.sql(`UPDATE ${table} SET order_no = $2 WHERE order_no = $1`, [orderNo, cured]);
    await settle(service, "1 hour");
    expect(await read(service, id)).toMatchObject({ status: "FAILED", safeToRetry: true });

    const retry = await cancel(service, { ...input, orderNo: cured, idempotencyKey: randomUUID() });
    expect(retry.cancellation.status).toBe("SUCCEEDED");
    expect([effects(orderNo), effects(cured)]).toEqual([0, 1]);
    expect(await orderTotals(service, cured)).toEqual({ cancelledTotal: "1000", inDoubtTotal: "0" });
  });

  test("after it took effect succeeds by a lookup, when it is known what was captured", async () => {
    const orderNo = `SIM-TIMEOUT-AFTER-EFFECT-${randomUUID()}`;
    await capture(orderNo, "1000");
    const { id } = await doubtful("", { orderNo });
    await settle(service, "1 min");
    const found = await read(service, id);

    expect(found).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "LOOKUP",
      settlement: "AWAITED",
      returnRequestId: null,
      safeToRetry: false,
    });
    expect(stepsOf(found)).toEqual([
      "nothing → PENDING by CALLER",
      "PENDING → UNKNOWN by RESPONSE",
      "UNKNOWN → SUCCEEDED by LOOKUP",
    ]);
    expect(await orderTotals(service, orderNo)).toEqual({ cancelledTotal: "1000", inDoubtTotal: "0" });
    expect(effects(orderNo)).toBe(1);
  });

  test("and lands late is not made a second time: a second cancel is refused while it is in doubt, and it is found in the end", async () => {
    const orderNo = `SIM-LATE-EFFECT-${randomUUID()}`;
    await capture(orderNo, "1000");
    const { input, id } = await doubtful("", { orderNo });
    await settle(service, "1 min");
    const second = await cancel(service, { ...input, idempotencyKey: randomUUID() });
    expect(second.userErrors).toMatchObject([{ code: "CANCEL_IN_PROGRESS", cancellationId: id }]);

    expect(service.simulator.landLateEffects()).toBe(1);
    await settle(service, "1 hour");
    expect(await read(service, id)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
    expect(service.simulator.ledger.received(orderNo)).toHaveLength(1);
    expect(effects(orderNo)).toBe(1);
  });

  test.each(["SIM-LOOKUP-ERROR", "SIM-LOOKUP-HTML"])(
    "and whose payment EBP does not show (%s) stays in doubt, each answer kept, until a person decides",
    async (behaviour) => {
      const { id, orderNo } = await doubtful(behaviour);
      await capture(orderNo, "1000");
      await settle(service, "1 day");
      const found = await read(service, id);
      expect(found.status).toBe("UNKNOWN");
      expect(found.events.filter(({ source }: any) => source === "LOOKUP")).toHaveLength(3);
      expect(found.events.at(-1).evidence.basis).toContain("no readable answer");
      expect(found.events.at(-1).evidence.httpStatus).toBe(behaviour === "SIM-LOOKUP-HTML" ? 502 : 500);
    },
  );
});

describe("a cancel in doubt", () => {
  test("of a payment that is wholly cancelled stays so when nobody told what was captured", async () => {
    const orderNo = `SIM-CANCELLATION-ERROR-AFTER-EFFECT-${randomUUID()}`;
    service.simulator.payments.register({ orderNo, total: "1000", captured: true });
    const { id } = await doubtful("", { orderNo });
    await settle(service, "1 day");
    expect((await read(service, id)).status).toBe("UNKNOWN");
  });

  test("of a part of a payment stays so: some cancel is there, but which is not said", async () => {
    const orderNo = `SIM-CANCELLATION-ERROR-AFTER-EFFECT-${randomUUID()}`;
    await capture(orderNo, "5000");
    const { id } = await doubtful("", { orderNo });
    await settle(service, "1 day");
    const found = await read(service, id);
    expect(found.status).toBe("UNKNOWN");
    expect(found.events.at(-1).evidence.basis).toContain("EBP does not say that this one did");
  });

  test("after an earlier cancel of the order is not called FAILED by a payment that shows none", async () => {
    const input = cancelInput();
    await cancel(service, input);
    const orderNo = input["orderNo"] as string;
    // EBP seems to have forgotten the first one.
    await service.sql("UPDATE cancelled_order SET order_no = $2 WHERE order_no = $1", [
      orderNo,
      `SIM-CONNECTION-RESET-${orderNo}`,
    ]);
    await service.sql("UPDATE cancellation SET order_no = $2 WHERE order_no = $1", [
      orderNo,
      `SIM-CONNECTION-RESET-${orderNo}`,
    ]);
    const { id } = await doubtful("", { orderNo: `SIM-CONNECTION-RESET-${orderNo}` });
    await settle(service, "1 day");
    const found = await read(service, id);
    expect(found.status).toBe("UNKNOWN");
    expect(found.events.at(-1).evidence.basis).toContain("cannot be relied on");
  });

  test("is listed with its age, its lookups, what happens next, and the evidence so far", async () => {
    const { id } = await doubtful("SIM-SYSTEM-CRITICAL");
    await service.letTimePass("2 hours");
    const list = async (): Promise<any> => {
      const { data } = await service.graphql(
        `{ cancellations(filter: { status: UNKNOWN }) { edges { node {
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

  test("leaves the refund account and the buyer's name in no row, in the open", async () => {
    const refundAccount = { accountNumber: "1029-3847-56", bankCode: "001", accountHolderName: HOLDER };
    const { id } = await doubtful("SIM-CONNECTION-RESET", { refundAccount });
    await settle(service, "1 hour");
    expect((await read(service, id)).events.map(({ source }: any) => source)).toContain("LOOKUP");

    const tables = await service.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    const dumps = await Promise.all(
      tables.map(({ tablename }) => service.sql(`SELECT to_jsonb(t)::text AS text FROM ${tablename} t`)),
    );
    const dump = dumps
      .flat()
      .map(({ text }) => text)
      .join("\n");
    expect(dump).toContain(id);
    // Sealed: not every field of EBP's answers is published.
    expect(dump).not.toContain("paymentStatus");
    for (const secret of [NUMBER, "1029-3847-56", HOLDER, "Quibblewick", "Simulated Buyer"]) {
      expect(dump).not.toContain(secret);
      expect(dump).not.toContain(Buffer.from(secret).toString("hex"));
    }
  });
});
