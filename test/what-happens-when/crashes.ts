import { expect } from "@jest/globals";
import { connect } from "node:net";
import { openSendWindow, recordIntent } from "../../src/cancellation/cancel/cancel-payment.js";
import { Recordings, recordOutcome } from "../../src/cancellation/cancel/record-outcome.js";
import { concludeFromResponse } from "../../src/cancellation/cancel/transitions.js";
import { until } from "../helpers/gate.js";
import { intent as intentOf, step } from "../helpers/ledger.js";
import { cancel, CANCEL } from "../helpers/operations.js";
import { OPEN_WINDOW } from "../helpers/upstream-client.js";
import { deliver, webhookBody } from "../helpers/webhooks.js";
import type { TestService } from "../helpers/service.js";
import { anotherProcess } from "./another-process.js";
import { another, atEbp, letIn, lookedAt, orderOf, standing, type Scenario } from "./scenario.js";

const NOBODY_TOLD = {
  onNotRecorded: () => undefined,
  onContradiction: () => undefined,
  recordings: new Recordings(),
};

/** Processes that die, stop or lose their database, and callers that go away. */
export const CRASHES: Readonly<Record<string, Scenario>> = {
  "a process dies before it sends": async (service) => {
    const order = orderOf("SIM-CAPTURED-1000");
    await anotherProcess(service, ({ intend }) => intend(order.orderNo));
    service.simulator.payments.register({ orderNo: order.orderNo, total: "1000", captured: true });

    expect((await cancel(service, another(order))).userErrors).toMatchObject([
      { code: "CANCEL_IN_PROGRESS" },
    ]);
    expect(await lookedAt(service, order)).toMatchObject({ status: "UNKNOWN", nextStep: "LOOKUP" });
    expect(await lookedAt(service, order, "1 hour")).toMatchObject({ status: "FAILED", safeToRetry: true });
    expect(atEbp(service, order)).toEqual([0, 0]);
  },

  "a process dies after EBP has carried out the cancel": async (service) => {
    const order = orderOf("ORD");
    await anotherProcess(service, async ({ intend, gateway }) => {
      const { intent } = await intend(order.orderNo);
      await gateway.cancel(intent.request, "en", OPEN_WINDOW);
    });

    expect(await lookedAt(service, order)).toMatchObject({ status: "UNKNOWN" });
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", order.orderNo, 1000));
    expect(await lookedAt(service, order)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "WEBHOOK" });
    expect(atEbp(service, order)).toEqual([1, 1]);
  },

  "a process is paused before it sends, for longer than its lease": async (service) => {
    const order = orderOf("ORD");
    let now = 0;
    const clock = { monotonicMs: () => now, wallMs: () => now };
    await anotherProcess(service, async ({ intend, gateway, ledger }) => {
      const window = openSendWindow(clock, 1_000);
      const { intent, pending } = await intend(order.orderNo);
      expect(await lookedAt(service, order)).toMatchObject({ status: "UNKNOWN" });
      now = 1_000;
      const sent = await gateway.cancel(intent.request, "en", window);
      const step = concludeFromResponse(intent, sent);
      await recordOutcome({ ...NOBODY_TOLD, ledger, waitMs: 5_000 }, pending, step);
    });

    expect(await standing(service, order)).toMatchObject({ status: "FAILED", safeToRetry: true });
    expect(atEbp(service, order)).toEqual([0, 0]);
  },

  "EBP's answer comes after the lease has run out": async (service) => {
    const [doubtful, decided] = [orderOf("ORD"), orderOf("ORD")];
    await anotherProcess(service, async ({ intend, ledger }) => {
      const late = [await intend(doubtful.orderNo), await intend(decided.orderNo)] as const;
      await lookedAt(service, doubtful);
      await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", decided.orderNo, 1000));
      expect(await lookedAt(service, decided)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "WEBHOOK" });
      for (const { intent, pending } of late) {
        await recordOutcome({ ...NOBODY_TOLD, ledger, waitMs: 5_000 }, pending, step(intent, "accepted"));
      }
    });

    expect(await standing(service, doubtful)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });
    const { events, ...stands } = await standing(service, decided);
    expect(stands).toMatchObject({ status: "SUCCEEDED", resolvedBy: "WEBHOOK", returnRequestId: "RET-1" });
    expect(events.at(-1)).toMatchObject({ source: "RESPONSE", from: "SUCCEEDED", to: "SUCCEEDED" });
  },

  "evidence contradicts a decision": async (service) => {
    const order = orderOf("ORD");
    const told: string[] = [];
    await anotherProcess(service, async ({ intend, ledger }) => {
      const { intent, pending } = await intend(order.orderNo);
      await lookedAt(service, order);
      await ledger.recordTransition(await current(ledger, pending), {
        ...step(intent, "notSent"),
        source: "LOOKUP",
        resolvedBy: "LOOKUP",
      });
      const onContradiction = (): void => void told.push("a contradiction");
      await recordOutcome(
        { ...NOBODY_TOLD, onContradiction, ledger, waitMs: 5_000 },
        pending,
        step(intent, "accepted"),
      );
    });

    const { status, discrepancies, events } = await standing(service, order);
    expect([status, told]).toEqual(["FAILED", ["a contradiction"]]);
    expect(discrepancies).toEqual([
      { field: "status", asked: "FAILED by LOOKUP", confirmed: "SUCCEEDED by RESPONSE" },
    ]);
    expect(events.at(-1)).toMatchObject({ source: "RESPONSE", from: "FAILED", to: "FAILED" });
  },

  "PostgreSQL cannot be reached when a cancel is asked for": async (service) => {
    const order = orderOf("ORD");
    await letIn(service, false);
    const { errors } = await service.graphql(CANCEL, { input: order });
    await letIn(service, true);

    expect(errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    expect(errors?.[0].message).toContain("This call sent nothing");
    expect(atEbp(service, order)).toEqual([0, 0]);
    expect((await cancel(service, order)).cancellation.status).toBe("SUCCEEDED");
  },

  "the connection breaks while the intent is committed": async (service) => {
    const order = orderOf("ORD");
    const intent = intentOf({ orderNo: order.orderNo });
    const found = await anotherProcess(service, ({ ledger }) => {
      let cut = true;
      const forgetful = {
        ...ledger,
        async recordIntent(one: typeof intent) {
          const result = await ledger.recordIntent(one);
          if (!cut) return result;
          cut = false;
          throw new Error("the connection was cut during COMMIT");
        },
      };
      return recordIntent(forgetful, intent, OPEN_WINDOW, () => undefined);
    });

    expect(found).toMatchObject({ kind: "recorded", cancellation: { id: intent.id, status: "PENDING" } });
    expect((await standing(service, order)).id).toBe(intent.id);
  },

  "PostgreSQL cannot be reached when EBP has answered": async (service) => {
    const order = orderOf("ORD");
    await anotherProcess(service, async ({ intend, ledger, history }) => {
      const { intent, pending } = await intend(order.orderNo);
      await letIn(service, false);
      const answered = await recordOutcome(
        { ...NOBODY_TOLD, ledger, waitMs: 1 },
        pending,
        step(intent, "accepted"),
      );
      expect(answered.status).toBe("PENDING");
      await letIn(service, true);
      await until(async () => (await history.find([pending.storeId], pending.id))?.status === "SUCCEEDED");
    });

    expect(await standing(service, order)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });
  },

  "the lookup of one cancellation fails": async (service) => {
    const [bad, good] = [orderOf("SIM-CONNECTION-RESET"), orderOf("SIM-CONNECTION-RESET")];
    await cancel(service, { ...bad, refundAccount: { accountNumber: "1234567890" } });
    await cancel(service, good);
    await service.sql("UPDATE cancellation SET refund_account_sealed = '\\x00' WHERE order_no = $1", [
      bad.orderNo,
    ]);
    await service.letTimePass("1 hour");

    expect(await service.reconcile()).toMatchObject({ failed: 1 });
    expect(await standing(service, good)).toMatchObject({ status: "FAILED" });
    expect(await standing(service, bad)).toMatchObject({ status: "UNKNOWN", lookups: 1, nextStep: "LOOKUP" });
    await service.sql(
      "UPDATE cancellation SET refund_account_sealed = NULL, refund_account_key_id = NULL WHERE order_no = $1",
      [bad.orderNo],
    );
  },

  "a caller hangs up": async (service) => {
    const order = orderOf("SIM-SLOW");
    const body = JSON.stringify({ query: CANCEL, variables: { input: order } });
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /graphql HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    socket.write(head + body);
    await until(() => atEbp(service, order)[0] === 1);
    socket.destroy();
    await until(async () => (await standing(service, order)).status !== "PENDING");

    expect(await standing(service, order)).toMatchObject({ status: "SUCCEEDED", resolvedBy: "RESPONSE" });
  },

  "PostgreSQL loses commits, for instance after a failover": async (service) => {
    const order = orderOf("ORD");
    const first = await cancel(service, order);
    await goBackBefore(service, order);

    const held = await service.graphql(
      "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { replayed } }",
      { input: order },
    );
    expect(held.status).toBe(503);
    expect(held.headers.get("retry-after")).toMatch(/^\d+$/u);
    expect(held.errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    await until(async () => {
      const [row] = await service.sql("SELECT status FROM cancellation WHERE order_no = $1", [order.orderNo]);
      return row?.status === "SUCCEEDED";
    });
    const again = await cancel(service, order);
    expect(again).toMatchObject({ replayed: true, cancellation: { id: first.cancellation.id } });
    expect(await standing(service, order)).toMatchObject({ status: "SUCCEEDED" });
    expect(atEbp(service, order)).toEqual([1, 1]);
  },
};

/** What a copy of the database from before the order's first cancel shows: the same server, and nothing of it. */
async function goBackBefore(service: TestService, { orderNo }: { orderNo: string }): Promise<void> {
  const ofOrder = "IN (SELECT id FROM cancellation WHERE order_no = $1)";
  await service.sql(`DELETE FROM cancellation_event WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql(`DELETE FROM cancellation_item WHERE cancellation_id ${ofOrder}`, [orderNo]);
  await service.sql("DELETE FROM cancellation WHERE order_no = $1", [orderNo]);
  await service.sql("DELETE FROM cancelled_order WHERE order_no = $1", [orderNo]);
  await service.sql("UPDATE database_history SET beat = beat - 1000");
}

async function current(
  ledger: Parameters<Parameters<typeof anotherProcess>[1]>[0]["ledger"],
  { storeId, id }: { storeId: string; id: string },
): Promise<NonNullable<Awaited<ReturnType<typeof ledger.find>>>> {
  const found = await ledger.find([storeId], id);
  if (found === null) throw new Error(`there is no cancellation ${id}`);
  return found;
}
