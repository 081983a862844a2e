import { expect } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { until } from "../helpers/gate.js";
import { cancel } from "../helpers/operations.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import { another, atEbp, ended, lookedAt, orderOf, standing, type Scenario } from "./scenario.js";

/** What EBP tells of its own accord. */
export const WEBHOOKS: Readonly<Record<string, Scenario>> = {
  "a webhook comes before EBP's own answer": async (service) => {
    const order = orderOf("SIM-SLOW");
    const answered = cancel(service, order);
    await until(() => atEbp(service, order)[1] === 1);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    expect(await service.reconcile()).toMatchObject({ waiting: 1 });
    await answered;

    expect(await lookedAt(service, order)).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "RESPONSE",
      settlement: "REFUND_REQUESTED",
    });
  },

  "a webhook tells of a cancel in doubt": async (service) => {
    const order = orderOf("SIM-TIMEOUT-AFTER-EFFECT");
    await ended(service, order);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));

    expect(await lookedAt(service, order)).toMatchObject({
      status: "SUCCEEDED",
      resolvedBy: "WEBHOOK",
      settlement: "REFUND_REQUESTED",
    });
  },

  "a webhook fits several cancels, or another amount": async (service) => {
    const order = orderOf("ORD");
    await cancel(service, order);
    await cancel(service, another(order));
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    const other = orderOf("SIM-TIMEOUT-AFTER-EFFECT");
    await ended(service, other);
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", other.orderNo, 999));

    expect(await service.reconcile()).toMatchObject({ attached: 2, matched: 0 });
    const { status, events } = await standing(service, other);
    expect([status, events.at(-1).source]).toEqual(["UNKNOWN", "WEBHOOK"]);
    const settlements = await service.sql("SELECT settlement FROM cancellation WHERE order_no = $1", [
      order.orderNo,
    ]);
    expect(settlements).toEqual([{ settlement: "AWAITED" }, { settlement: "AWAITED" }]);
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
    const order = orderOf("SIM-TIMEOUT-AFTER-EFFECT");
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

  "a webhook is about an order nobody has cancelled here": async (service) => {
    const order = { ...orderOf("SIM-WEBHOOK-LOST"), idempotencyKey: randomUUID() };
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    expect(await service.reconcile()).toMatchObject({ waiting: 1 });
    await ended(service, order);
    // It had been asked for before: a copy of the database that lagged behind has caught up.
    await service.sql(
      "UPDATE cancellation SET created_at = created_at - interval '1 minute' WHERE order_no = $1",
      [order.orderNo],
    );

    expect(await lookedAt(service, order)).toMatchObject({
      status: "SUCCEEDED",
      settlement: "REFUND_REQUESTED",
    });
  },
};
