import { expect } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { until } from "../helpers/gate.js";
import type { TestService } from "../helpers/service.js";
import { read } from "../helpers/in-doubt.js";
import { cancel } from "../helpers/operations.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import { anotherProcess } from "./another-process.js";
import {
  another,
  atEbp,
  EBP_ANSWERS,
  ended,
  lookedAt,
  orderOf,
  standing,
  type Scenario,
} from "./scenario.js";

/** What EBP tells of its own accord. */
export const WEBHOOKS: Readonly<Record<string, Scenario>> = {
  "a webhook comes before EBP's answer": async (service) => {
    const order = orderOf("ORD");
    EBP_ANSWERS.close();
    const answered = cancel(service, order);
    await until(() => atEbp(service, order)[1] === 1);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    expect(await service.reconcile()).toMatchObject({ waiting: 1 });
    EBP_ANSWERS.open();
    await answered;

    expect(await lookedAt(service, order)).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "RESPONSE",
      settlement: "REFUND_REQUESTED",
    });
  },

  "a webhook reports an unresolved cancel": async (service) => {
    const order = orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT");
    await ended(service, order);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));

    expect(await lookedAt(service, order)).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "WEBHOOK",
      settlement: "REFUND_REQUESTED",
    });
  },

  "a webhook fits several cancels that succeeded": async (service) => {
    const order = orderOf("ORD");
    const first = (await cancel(service, order)).cancellation;
    await cancel(service, another(order));
    const settlements = async (): Promise<unknown[]> => {
      const rows = await service.sql("SELECT settlement FROM cancellation ORDER BY created_at");
      return rows.map(({ settlement }) => settlement as unknown);
    };
    await deliver(service, webhookBody("PAYMENT_REFUNDED", order.orderNo, 1000));
    await service.reconcile();
    expect(await settlements()).toEqual(["REFUNDED", "AWAITED"]);
    expect((await read(service, first.id)).events.at(-1).evidence.basis).toContain("is assumed");
    const eventTime = new Date(Date.now() + 1_000).toISOString();
    await deliver(service, webhookBody("PAYMENT_REFUNDED", order.orderNo, 1000, { eventTime }));
    await service.reconcile();
    expect(await settlements()).toEqual(["REFUNDED", "REFUNDED"]);
  },

  "EBP's request of a refund comes after the refund": async (service) => {
    const order = orderOf("ORD");
    await cancel(service, order);
    await deliver(service, webhookBody("PAYMENT_REFUNDED", order.orderNo, 1000));
    await service.reconcile();
    const { refundedAt } = await standing(service, order);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    expect(await service.reconcile()).toMatchObject({ matched: 1 });

    const after = await standing(service, order);
    expect(after).toMatchObject({ settlement: "REFUNDED", refundedAt, discrepancies: [] });
    expect(after.events).toHaveLength(4);
  },

  "a webhook fits no cancel's amount": async (service) => {
    const other = orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT");
    await ended(service, other);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", other.orderNo, 999));

    expect(await service.reconcile()).toMatchObject({ attached: 1, matched: 0 });
    const { status, events } = await standing(service, other);
    expect([status, events.at(-1).source]).toEqual(["UNKNOWN", "WEBHOOK"]);
  },

  "a webhook comes again": async (service) => {
    const order = orderOf("ORD");
    await ended(service, order);
    const body = webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000);
    expect(await deliver(service, body)).toEqual({ status: 200, receipt: "stored" });
    const before = await lookedAt(service, order);

    expect(await deliver(service, body)).toEqual({ status: 200, receipt: "repeated" });
    expect(await lookedAt(service, order)).toEqual(before);
  },

  "a webhook is forged, altered or old": async (service) => {
    const order = orderOf("SIM-CONNECTION-RESET-AFTER-EFFECT");
    await ended(service, order);
    const body = webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000);
    const old = Math.floor(Date.now() / 1_000) - 3_600;
    const altered = body.replace("1000", "1001");
    const refused = async (): Promise<number> => {
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      return Number(/^ebp_webhooks_total\{result="refused"\} (\d+)$/mu.exec(metrics)?.[1]);
    };
    const before = await refused();

    for (const forgery of [{ secret: "another" }, { sent: altered }, { timestamp: old }]) {
      expect((await deliver(service, body, forgery)).status).toBe(401);
    }
    expect(await refused()).toBe(before + 3);
    expect(await service.sql("SELECT FROM webhook_event WHERE order_no = $1", [order.orderNo])).toEqual([]);
    expect(await lookedAt(service, order)).toMatchObject({ status: "UNKNOWN" });
  },

  "a webhook is about an order that was not cancelled here": async (service) => {
    const order = { ...orderOf("SIM-WEBHOOK-LOST"), idempotencyKey: randomUUID() };
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    expect(await service.reconcile()).toMatchObject({ waiting: 1 });
    await ended(service, order);

    expect(await lookedAt(service, order)).toMatchObject({ status: "SUCCEEDED", settlement: "AWAITED" });
  },

  "a webhook reports a cancel that no cancellation here accounts for, and a lookup shows none": async (
    service,
  ) => {
    const order = orderOf("SIM-CAPTURED-1000");
    await anotherProcess(service, ({ intend }) => intend(order.orderNo));
    service.simulator.payments.register({ orderNo: order.orderNo, total: "1000", captured: true });
    await lookedAt(service, order);
    const unreadable = { data: { exponent: undefined, currencyCode: "krw" }, eventTime: undefined };
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 900, unreadable));

    const standsInDoubt = await lookedAt(service, order, "1 hour");
    expect(standsInDoubt).toMatchObject({ status: "UNKNOWN", nextStep: "OPERATOR" });
    expect(standsInDoubt.events.map(({ source }: { source: string }) => source)).toContain("WEBHOOK");
  },

  "a webhook reports a cancel that was found to have failed": async (service) => {
    const order = orderOf("SIM-CAPTURED-1000");
    await anotherProcess(service, ({ intend }) => intend(order.orderNo));
    service.simulator.payments.register({ orderNo: order.orderNo, total: "1000", captured: true });
    await lookedAt(service, order);
    expect(await lookedAt(service, order, "1 hour")).toMatchObject({ status: "FAILED", safeToRetry: true });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 900));

    expect(await lookedAt(service, order)).toMatchObject({
      status: "FAILED",
      safeToRetry: false,
      discrepancies: [{ field: "status" }],
    });
  },

  "a webhook could be about an unresolved cancel or about another like it": async (service) => {
    const first = orderOf("ORD");
    await cancel(service, first);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", first.orderNo, 1000));
    expect(await lookedAt(service, first)).toMatchObject({ settlement: "REFUND_REQUESTED" });
    const { pending } = await anotherProcess(service, ({ intend }) => intend(first.orderNo));
    await deliver(service, webhookBody("PAYMENT_VOIDED", first.orderNo, 1000));
    await service.letTimePass("1 hour");
    await service.reconcile();
    await service.letTimePass("1 hour");
    await service.reconcile();

    expect((await read(service, pending.id)).status).toBe("UNKNOWN");
  },

  "EBP reports one cancel twice, or a failure of one that succeeded": async (service) => {
    const [twice, failing] = [orderOf("ORD"), orderOf("ORD")];
    await cancel(service, twice);
    await cancel(service, failing);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", twice.orderNo, 1000));
    await service.reconcile();
    const later = new Date(Date.now() + 1_000).toISOString();
    await deliver(
      service,
      webhookBody("PAYMENT_REFUND_REQUESTED", twice.orderNo, 1000, { eventTime: later }),
    );
    const failure = { data: { paymentStatus: "FAIL", resultCode: "EBP-D-0001" } };
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", failing.orderNo, 1000, failure));
    const before = await contradictions(service);
    await service.reconcile();

    for (const order of [twice, failing]) {
      expect(await standing(service, order)).toMatchObject({
        status: "SUCCEEDED",
        discrepancies: [{ field: "event" }],
      });
    }
    expect(await contradictions(service)).toBe(before + 2);
  },
};

async function contradictions(service: TestService): Promise<number> {
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  return Number(/^ebp_contradictions_total (\d+)$/mu.exec(metrics)?.[1]);
}
