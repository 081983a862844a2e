import { expect } from "@jest/globals";
import { cancel } from "../helpers/operations.js";
import { read, resolve } from "../helpers/in-doubt.js";
import type { TestReplica, TestService } from "../helpers/service.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import { anotherProcess } from "./another-process.js";
import { another, atEbp, ended, lookedAt, orderOf, standing, type Scenario } from "./scenario.js";

/** What EBP answers, or does not, and what looking at it later shows. */
export const DOUBTS: Readonly<Record<string, Scenario>> = {
  "the same request comes again, with the same key": async (service) => {
    const order = orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT");
    const first = await cancel(service, order);
    const again = await cancel(service, order);

    expect(again).toMatchObject({
      replayed: true,
      cancellation: { id: first.cancellation.id, status: "UNKNOWN" },
    });
    expect(atEbp(service, order)).toEqual([1, 1]);
  },

  "another cancel of an order is asked for while one is unresolved": async (service) => {
    const order = orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT");
    const { id } = await ended(service, order);
    const { cancellation, userErrors } = await cancel(service, another(order));

    expect(cancellation).toBeNull();
    expect(userErrors).toMatchObject([{ code: "CANCEL_IN_PROGRESS", cancellation: { id } }]);
    expect(atEbp(service, order)).toEqual([1, 1]);
  },

  "two people cancel the same order": async (service) => {
    const order = { ...orderOf("ORD"), expectedCancelledTotal: "0" };
    const both = await Promise.all([cancel(service, order), cancel(service, another(order))]);
    const late = await cancel(service, another(order));

    expect(both.filter(({ cancellation }) => cancellation?.status === "SUCCEEDED")).toHaveLength(1);
    expect(late.userErrors).toMatchObject([
      { code: "CANCELLED_TOTAL_CHANGED", expectedTotal: "0", currentTotal: "1000" },
    ]);
    expect(atEbp(service, order)).toEqual([1, 1]);
  },

  "EBP cannot be reached": async (service) => {
    const order = orderOf("ORD");
    const unconnected = await service.replica({ EBP_BASE_URL: "http://127.0.0.1:9" });
    const { cancellation, userErrors } = await cancel(unconnected, order);
    expect(cancellation).toMatchObject({ status: "FAILED", safeToRetry: true, sentAt: null });
    expect(userErrors).toMatchObject([{ __typename: "NotSentError", code: "NOT_SENT" }]);
    expect((await cancel(service, another(order))).cancellation.status).toBe("SUCCEEDED");
    expect(atEbp(service, order)).toEqual([1, 1]);
  },

  "EBP does not answer in time": async (service) => {
    const order = orderOf("SIM-TIMEOUT-AFTER-EFFECT");
    await cancel(await impatient(service), order);
    const { status, nextStep, nextCheckAt, events } = await standing(service, order);

    expect([status, nextStep]).toEqual(["UNKNOWN", "LOOKUP"]);
    expect(new Date(nextCheckAt).getTime() - new Date(events.at(-1).at).getTime()).toBe(15_000);
    expect(await lookedAt(service, order)).toMatchObject({ status: "UNKNOWN", lookups: 1 });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    expect(await lookedAt(service, order)).toMatchObject({ status: "SUCCEEDED" });
  },

  "a lookup shows no cancel": async (service) => {
    const order = orderOf("SIM-CONNECTION-RESET");
    await ended(service, order);

    const early = await lookedAt(service, order);
    expect([early.status, early.events.at(-1).source]).toEqual(["UNKNOWN", "LOOKUP"]);
    expect(await lookedAt(service, order, "1 hour")).toMatchObject({
      status: "FAILED",
      safeToRetry: true,
      resolvedBy: "LOOKUP",
      nextStep: null,
    });
    expect((await cancel(service, order)).userErrors).toMatchObject([{ code: "NOT_CANCELLED" }]);
    // The order is open again.
    expect((await cancel(service, another(order))).cancellation.status).toBe("UNKNOWN");
    expect(atEbp(service, order)).toEqual([2, 0]);
  },

  "EBP carries out a cancel after a lookup has shown none": async (service) => {
    const order = orderOf("SIM-LATE-EFFECT");
    await deliver(service, webhookBody("PAYMENT_CAPTURED", order.orderNo, 1000));
    service.simulator.payments.register({ orderNo: order.orderNo, total: "1000", captured: true });
    await cancel(await impatient(service), order);
    expect(await lookedAt(service, order)).toMatchObject({ status: "UNKNOWN" });
    const second = await cancel(service, another(order));
    service.simulator.landLateEffects();

    expect(second.userErrors).toMatchObject([{ code: "CANCEL_IN_PROGRESS" }]);
    expect(await lookedAt(service, order)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
    expect(atEbp(service, order)).toEqual([1, 1]);
  },

  "a lookup shows that the whole payment is cancelled": async (service) => {
    const [known, notKnown] = [
      orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT"),
      orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT"),
    ];
    await deliver(service, webhookBody("PAYMENT_CAPTURED", known.orderNo, 1000));
    for (const order of [known, notKnown]) {
      service.simulator.payments.register({ orderNo: order.orderNo, total: "1000", captured: true });
      await ended(service, order);
    }

    expect(await lookedAt(service, known)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "LOOKUP" });
    expect(await lookedAt(service, notKnown, "1 hour")).toMatchObject({
      status: "UNKNOWN",
      nextStep: "LOOKUP",
    });
  },

  "a lookup fails, or its answer cannot be read": async (service) => {
    const replica = await impatient(service);
    for (const prefix of ["SIM-LOOKUP-ERROR", "SIM-LOOKUP-HTML"]) {
      const order = orderOf(prefix);
      await cancel(replica, order);
      const { id, status, lookups, nextStep, events } = await lookedAt(service, order, "1 hour");

      expect([status, lookups, nextStep]).toEqual(["UNKNOWN", 1, "LOOKUP"]);
      expect(events.at(-1)).toMatchObject({ source: "LOOKUP", evidence: { httpStatus: expect.any(Number) } });
      const kept = await service.sql(
        "SELECT FROM cancellation_event WHERE cancellation_id = $1 AND source = 'LOOKUP' AND answer_sealed IS NOT NULL",
        [id],
      );
      expect(kept).toHaveLength(1);
    }
  },

  "an operator decides FAILED while EBP may still carry out the cancel": async (service) => {
    const order = orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT");
    const { id } = await ended(service, order);
    const input = { id, outcome: "FAILED", note: "EBP's support saw nothing" };
    const { userErrors } = await resolve(service, input);
    expect(userErrors).toMatchObject([{ code: "NOT_YET_FAILED", nextAction: "WAIT" }]);
    expect(userErrors[0].message).toContain("SETTLING, CANCEL_SHOWN");
    expect(await standing(service, order)).toMatchObject({ status: "UNKNOWN" });
  },

  "no lookup can decide a cancel": async (service) => {
    const order = orderOf("ORD");
    await cancel(service, order);
    const { pending } = await anotherProcess(service, ({ intend }) => intend(order.orderNo));
    await service.letTimePass("1 minute");
    await service.reconcile();
    await service.letTimePass("1 minute");
    await service.reconcile();

    expect(await read(service, pending.id)).toMatchObject({
      status: "UNKNOWN",
      nextStep: "OPERATOR",
      nextCheckAt: null,
    });
  },

  "a month of lookups decides nothing": async (service) => {
    const order = orderOf("SIM-LOOKUP-ERROR");
    const { id } = (await cancel(await impatient(service), order)).cancellation;
    await service.sql("UPDATE cancellation SET lookups = 33 WHERE id = $1", [id]);
    expect(await lookedAt(service, order, "1 day")).toMatchObject({ nextStep: "LOOKUP", lookups: 34 });
    const stands = await lookedAt(service, order, "1 day");

    expect(stands).toMatchObject({ status: "UNKNOWN", nextStep: "OPERATOR", lookups: 35 });
    const input = { id, outcome: "SUCCEEDED", note: "EBP's support confirmed it by telephone" };
    expect((await resolve(service, input)).cancellation).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "OPERATOR",
    });
  },
};

/** A replica that waits for EBP only half a second. */
function impatient(service: TestService): Promise<TestReplica> {
  return service.replica({ EBP_TIMEOUT_MS: "500" });
}
