import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/webhook.js";
import { createGate, until } from "../helpers/gate.js";
import { orderTotals, read, settle, stepsOf } from "../helpers/in-doubt.js";
import { cancel, cancelInput, item } from "../helpers/operations.js";
import { WEBHOOK_SECRET, useService } from "../helpers/service.js";
import { deliver, webhookBody, type Signing, type WebhookAnswer } from "../helpers/webhooks.js";

const gate = createGate();
const service = useService({ simulator: { beforeAnswer: () => gate.pass() } });

const STORED: WebhookAnswer = { status: 200, receipt: "stored" };
const REPEATED: WebhookAnswer = { status: 200, receipt: "repeated" };

async function cancelled(orderNo: string, amount = 1000): Promise<any> {
  const changes = { orderNo, totalCancelAmount: String(amount), items: [item({ amount: String(amount) })] };
  return (await cancel(service, cancelInput(changes))).cancellation;
}

async function kept(body: string): Promise<any> {
  const [row] = await service.sql(
    "SELECT * FROM webhook_event WHERE digest = encode(sha256(convert_to($1, 'UTF8')), 'hex')",
    [body],
  );
  return row;
}

describe("a webhook about a cancel that succeeded", () => {
  test.each([
    ["PAYMENT_VOIDED", "VOIDED"],
    ["PAYMENT_REFUND_REQUESTED", "REFUND_REQUESTED"],
    ["PAYMENT_REFUNDED", "REFUNDED"],
  ] as const)(
    "%s settles it as %s, by the next run, and stands in its trail",
    async (eventType, settlement) => {
      const orderNo = `ORD-${randomUUID()}`;
      const { id, settlement: before } = await cancelled(orderNo);
      const body = webhookBody(eventType, orderNo, 1000);
      expect(await deliver(service, body)).toEqual(STORED);
      await service.reconcile();
      const after = await read(service, id);

      expect(before).toBe("AWAITED");
      expect(after).toMatchObject({
        status: "SUCCEEDED",
        resolvedBy: "RESPONSE",
        settlement,
        discrepancies: [],
      });
      expect(after.events.at(-1)).toMatchObject({ from: "SUCCEEDED", to: "SUCCEEDED", source: "WEBHOOK" });
      expect(after.events.at(-1).evidence.basis).toContain(eventType);
      expect(await kept(body)).toMatchObject({ state: "MATCHED", matched_id: id });
    },
  );

  test("delivered by EBP itself, twice, before the capture or without its request, settles it", async () => {
    service.simulator.sendWebhooksTo({ url: `${service.url}/webhooks/ebp`, secret: WEBHOOK_SECRET });
    const orders = ["ORD", "SIM-WEBHOOK-TWICE", "SIM-WEBHOOK-REORDERED", "SIM-WEBHOOK-UNREQUESTED"].map(
      (name) => `${name}-${randomUUID()}`,
    );
    const ids: string[] = [];
    for (const orderNo of orders) ids.push((await cancelled(orderNo)).id);
    await service.simulator.settledWebhooks();
    service.simulator.sendWebhooksTo(null);
    await service.reconcile();

    for (const id of ids)
      expect(await read(service, id)).toMatchObject({
        settlement: "REFUNDED",
        refundedAt: expect.any(String),
        discrepancies: [],
      });
    expect(service.simulator.webhooks.every(({ status }) => status === 200)).toBe(true);
  });

  test("of another amount waits, and settles nothing", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    const { id } = await cancelled(orderNo);
    const body = webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 999);
    await deliver(service, body);
    await settle(service);
    expect(await read(service, id)).toMatchObject({ settlement: "AWAITED" });
    expect(await kept(body)).toMatchObject({ state: "WAITING", matched_id: null });
  });
});

describe("a webhook about a cancel in doubt", () => {
  test("that happened before the cancel was asked for does not decide it", async () => {
    const orderNo = `SIM-SYSTEM-CRITICAL-${randomUUID()}`;
    const eventTime = new Date(Date.now() - 3_600_000).toISOString();
    await deliver(service, webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 1000, { eventTime }));
    const { id } = await cancelled(orderNo);
    await settle(service, "0 s");
    expect((await read(service, id)).status).toBe("UNKNOWN");
  });

  test("that came in long before the cancel was asked for does not decide it, though it states no time", async () => {
    const orderNo = `SIM-SYSTEM-CRITICAL-${randomUUID()}`;
    const body = webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 1000, { eventTime: undefined });
    await deliver(service, body);
    await service.sql(
      "UPDATE webhook_event SET received_at = received_at - interval '1 day' WHERE order_no = $1",
      [orderNo],
    );
    const { id } = await cancelled(orderNo);
    await settle(service, "0 s");
    expect((await read(service, id)).status).toBe("UNKNOWN");
  });
});

test("two webhooks that are not UTF-8 stay two, kept by their bytes, and name no order", async () => {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  // 가-1 and 나-1 in EUC-KR.
  for (const orderNo of ["\u00b0\u00a1-1", "\u00b3\u00aa-1"]) {
    const body = Buffer.from(webhookBody("PAYMENT_VOIDED", orderNo, 1000), "latin1");
    const headers = {
      [SIGNATURE_HEADER]: signWebhook(body, timestamp, WEBHOOK_SECRET),
      [TIMESTAMP_HEADER]: timestamp,
    };
    const answer = await fetch(`${service.url}/webhooks/ebp`, { method: "POST", headers, body });
    expect([answer.status, await answer.json()]).toEqual([200, { status: "stored" }]);
    const rows = await service.sql(
      "SELECT order_no FROM webhook_event WHERE digest = encode(sha256($1), 'hex')",
      [body],
    );
    expect(rows).toEqual([{ order_no: null }]);
  }
});

describe("a webhook that comes too early", () => {
  test("before an answer that is a rejection, is shown as a contradiction, and moves nothing", async () => {
    gate.close();
    const orderNo = `SIM-CANCELLATION-FAILED-${randomUUID()}`;
    const cancelling = cancelled(orderNo);
    await until(() => service.simulator.ledger.received(orderNo).length === 1);
    const body = webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 1000);
    await deliver(service, body);
    await service.reconcile();
    gate.open();
    const { id } = await cancelling;
    await settle(service, "0 s");
    const found = await read(service, id);

    expect(found).toMatchObject({ status: "FAILED", resolvedBy: "RESPONSE", settlement: null });
    expect(found.discrepancies).toEqual([
      { field: "status", asked: "FAILED by RESPONSE", confirmed: "SUCCEEDED by WEBHOOK" },
    ]);
    expect((await kept(body)).state).toBe("ATTACHED");
    expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(/^ebp_contradictions_total [1-9]/mu);
  });

  test("about an order nobody knows, is kept, and means no cancel that is asked for later, whatever the clocks say", async () => {
    const orderNo = `ORD-${randomUUID()}`;
    // EBP's clock is a little ahead.
    const eventTime = new Date(Date.now() + 5_000).toISOString();
    const body = webhookBody("PAYMENT_VOIDED", orderNo, 1000, { eventTime });
    expect(await deliver(service, body)).toEqual(STORED);
    await settle(service, "0 s");
    expect((await kept(body)).state).toBe("WAITING");
    const { id } = await cancelled(orderNo);
    await settle(service, "0 s");
    expect((await read(service, id)).settlement).toBe("AWAITED");
    // The clock was put back: it looks as if it had been asked for before.
    await service.sql("UPDATE cancellation SET created_at = created_at - interval '1 minute' WHERE id = $1", [
      id,
    ]);
    await settle(service, "0 s");
    expect((await read(service, id)).settlement).toBe("AWAITED");
  });
});

describe("a genuine webhook of which nothing follows", () => {
  test.each([
    ["of an unknown type", JSON.stringify({ eventType: "PAYMENT_METHOD_CREATED", data: { id: 1 } })],
    ["of a capture", webhookBody("PAYMENT_CAPTURED", "ORD-captured", 1000)],
    ["that is no JSON", "garbage {"],
    ["of which the order number holds what cannot be stored", webhookBody("PAYMENT_VOIDED", "a\u0000b", 1)],
    ["nested deep", `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
  ])("%s is acknowledged and kept as IGNORED", async (_what, body) => {
    expect(await deliver(service, body)).toEqual(STORED);
    const counts = await service.reconcile();
    expect(counts.failed).toBe(0);
    expect((await kept(body)).state).toBe("IGNORED");
    expect(await deliver(service, body)).toEqual(REPEATED);
  });
});

describe("a webhook that is not known to be EBP's", () => {
  test.each<[string, Signing]>([
    ["unsigned", { secret: "" }],
    ["signed in the future", { timestamp: Math.floor(Date.now() / 1_000) + 400 }],
  ])("%s is refused with 401, and moves nothing", async (_what, signing) => {
    const orderNo = `ORD-${randomUUID()}`;
    const { id } = await cancelled(orderNo);
    const body = webhookBody("PAYMENT_VOIDED", orderNo, 1000);
    expect(await deliver(service, body, signing)).toEqual({ status: 401, receipt: undefined });
    await settle(service);
    expect(await kept(body)).toBeUndefined();
    expect((await read(service, id)).settlement).toBe("AWAITED");
  });

  test("is not there without a secret: the address answers that there is nothing", async () => {
    const secretless = await service.replica({ EBP_WEBHOOK_SECRET: "" });
    const answer = await deliver(secretless, webhookBody("PAYMENT_VOIDED", "ORD-1", 1000));
    expect(answer.status).toBe(404);
  });
});

test("the events of an order end in the same state in whatever order they come, looked at between or not", async () => {
  const at = (ms: number): { eventTime: string } => ({ eventTime: new Date(Date.now() + ms).toISOString() });
  const run = async (order: readonly number[], looks: readonly boolean[]): Promise<unknown> => {
    const orderNo = `ORD-${randomUUID()}`;
    const ids = [(await cancelled(orderNo, 300)).id, (await cancelled(orderNo, 700)).id];
    const events = [
      webhookBody("PAYMENT_CAPTURED", orderNo, 1000, at(-2_000)),
      webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 300, at(1_000)),
      webhookBody("PAYMENT_REFUND_REQUESTED", orderNo, 700, at(2_000)),
    ];
    // EBP tells of the first refund in two bodies.
    const bodies = [...events, (events[1] ?? "").replace(/\}$/u, ',"again":true}')];
    for (const [n, index] of order.entries()) {
      expect(await deliver(service, bodies[index] ?? "")).toEqual(STORED);
      if (looks[n] === true) await service.reconcile();
    }
    await settle(service, "0 s");
    const found = [await read(service, ids[0]), await read(service, ids[1])];
    const states = await service.sql("SELECT state FROM webhook_event WHERE order_no = $1 ORDER BY state", [
      orderNo,
    ]);
    return {
      cancellations: found.map(({ status, settlement, discrepancies }) => ({
        status,
        settlement,
        discrepancies,
      })),
      trails: found.map((one) => stepsOf(one)),
      states: states.map(({ state }) => state as string),
      totals: await orderTotals(service, orderNo),
    };
  };
  const expected = await run([0, 1, 2, 3], [true, true, true, true]);
  expect(expected).toMatchObject({
    cancellations: [
      { status: "SUCCEEDED", settlement: "REFUND_REQUESTED" },
      { status: "SUCCEEDED", settlement: "REFUND_REQUESTED" },
    ],
    states: ["MATCHED", "MATCHED", "IGNORED", "IGNORED"],
    totals: { cancelledTotal: "1000" },
  });
  const orders = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  const looks = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
  for (const [order, looked] of fc.sample(fc.tuple(orders, looks), { numRuns: 8, seed: 3 })) {
    const result = await run(order, looked);
    expect({ order, looked, result }).toEqual({ order, looked, result: expected });
  }
});
