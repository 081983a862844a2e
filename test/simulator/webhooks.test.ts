import { describe, expect, test } from "@jest/globals";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/webhook.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { Simulator, SimulatorOptions } from "../../simulator/simulator.js";
import { readWebhookTarget } from "../../simulator/webhooks.js";
import { cancel } from "../helpers/simulator.js";
import { useEbp } from "../helpers/upstream-client.js";
import { httpAnswer, refusedPort, type Upstream, type UpstreamRequest } from "../helpers/upstream.js";

const ebp = useEbp();
const SECRET = "webhook-secret";
const AT = new Date("2025-12-24T01:02:03.456Z");
/** Longer than any test: what waits so long does not come. */
const NEVER_MS = 600_000;

interface Wired {
  readonly simulator: Simulator;
  readonly receiver: Upstream;
  /** Resolves when a webhook has reached the receiver. */
  readonly reached: Promise<void>;
}

/** A simulator and a receiver that answers with these statuses in turn, then with the last one; null is no answer. */
async function wire(
  options: Partial<SimulatorOptions> = {},
  statuses: readonly (number | null)[] = [200],
): Promise<Wired> {
  let arrive: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const receiver = await ebp.upstream((_request, socket, count) => {
    const status = statuses[Math.min(count, statuses.length) - 1] ?? null;
    if (status !== null) socket.write(httpAnswer(status, ""));
    arrive();
  });
  const webhooks = { url: `${receiver.url}/webhooks/ebp`, secret: SECRET };
  const simulator = await ebp.simulator({ now: () => AT, webhooks, refundAfterMs: 0, ...options });
  return { simulator, receiver, reached };
}

/** Cancels, and waits until the webhooks are delivered or given up. */
async function cancelAndSettle(simulator: Simulator, orderNo: string, amount = "1000"): Promise<void> {
  await cancel(simulator, orderNo, amount);
  await simulator.settledWebhooks();
}

/** Registers a captured payment, which is announced, and waits likewise. */
async function captureAndSettle(simulator: Simulator): Promise<void> {
  simulator.payments.register({ orderNo: "ORD-1", total: "1000", captured: true });
  await simulator.settledWebhooks();
}

function eventOf({ body }: UpstreamRequest): { eventType: string; data: Record<string, unknown> } {
  return JSON.parse(body.toString("utf8"));
}

function isGenuine({ headers, body }: UpstreamRequest): boolean {
  return headers[SIGNATURE_HEADER] === signWebhook(body, headers[TIMESTAMP_HEADER] ?? "", SECRET);
}

describe("a webhook announces", () => {
  test("the refund of a captured payment: that it was requested, then that it was carried out", async () => {
    const { simulator, receiver } = await wire();
    await cancelAndSettle(simulator, "ORD-1");
    const [request] = receiver.requests;
    expect(request?.requestLine).toBe("POST /webhooks/ebp HTTP/1.1");
    expect(request?.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      [TIMESTAMP_HEADER]: "1766538123",
    });
    expect(receiver.requests.map(isGenuine)).toEqual([true, true]);
    const eventTime = AT.toISOString();
    const about = { orderNo: "ORD-1", currencyCode: "KRW", exponent: 0, resultCode: "0" };
    const common = { ...about, resultMessage: "SUCCESS" };
    const requested = { paymentStatus: "REFUND_REQUESTED", refundRequestedAmount: 1000 };
    const refunded = { paymentStatus: "REFUNDED", refundedAmount: "1000", refundedAt: eventTime };
    expect(receiver.requests.map(eventOf)).toEqual([
      { eventType: "PAYMENT_REFUND_REQUESTED", eventTime, data: { ...requested, ...common } },
      { eventType: "PAYMENT_REFUNDED", eventTime, data: { ...refunded, ...common } },
    ]);
    expect(simulator.webhooks).toEqual([
      { eventType: "PAYMENT_REFUND_REQUESTED", orderNo: "ORD-1", status: 200 },
      { eventType: "PAYMENT_REFUNDED", orderNo: "ORD-1", status: 200 },
    ]);
  });

  test("a refund when it has been carried out, some time after it was requested", async () => {
    const { simulator, receiver, reached } = await wire({ refundAfterMs: NEVER_MS });
    await cancel(simulator, "ORD-1", "1000");
    await reached;
    expect(receiver.requests.map(eventOf)).toMatchObject([{ eventType: "PAYMENT_REFUND_REQUESTED" }]);

    const soon = await wire({ refundAfterMs: 1 });
    await cancelAndSettle(soon.simulator, "ORD-1");
    const refundedAt = new Date(AT.getTime() + 1).toISOString();
    expect(soon.receiver.requests.map(eventOf)).toMatchObject([
      { eventTime: AT.toISOString() },
      { eventTime: refundedAt, data: { refundedAt } },
    ]);
  });

  test("the void of a payment before capture", async () => {
    const { simulator, receiver } = await wire();
    await cancelAndSettle(simulator, "SIM-UNCAPTURED-1000");
    expect(receiver.requests.map(eventOf)).toMatchObject([
      { eventType: "PAYMENT_VOIDED", data: { paymentStatus: "CANCELED", voidedAmount: 1000 } },
    ]);
  });

  test("a capture once, before the refunds", async () => {
    const { simulator, receiver } = await wire();
    await cancel(simulator, "SIM-CAPTURED-1000", "400");
    await cancelAndSettle(simulator, "SIM-CAPTURED-1000", "600");
    expect(receiver.requests.map(eventOf)).toMatchObject([
      {
        eventType: "PAYMENT_CAPTURED",
        data: { paymentStatus: "CAPTURED", capturedAmount: 1000, capturedAt: AT.toISOString() },
      },
      { eventType: "PAYMENT_REFUND_REQUESTED", data: { refundRequestedAmount: "400" } },
      { eventType: "PAYMENT_REFUNDED", data: { refundedAmount: 400 } },
      { eventType: "PAYMENT_REFUND_REQUESTED", data: { refundRequestedAmount: "600" } },
      { eventType: "PAYMENT_REFUNDED", data: { refundedAmount: 600 } },
    ]);
  });

  test("the capture of a registered payment when it is first captured", async () => {
    const { simulator } = await wire();
    simulator.payments.register({ orderNo: "ORD-1", total: "1000", captured: false });
    await simulator.settledWebhooks();
    expect(simulator.webhooks).toEqual([]);
    for (let count = 0; count < 2; count += 1) await captureAndSettle(simulator);
    expect(simulator.webhooks).toEqual([{ eventType: "PAYMENT_CAPTURED", orderNo: "ORD-1", status: 200 }]);
  });

  test("nothing without a receiver, and no cancel without an effect", async () => {
    const { simulator, receiver } = await wire({ webhooks: null });
    await cancel(simulator, "ORD-1", "1000");
    simulator.sendWebhooksTo({ url: receiver.url, secret: SECRET });
    await cancelAndSettle(simulator, "SIM-GATEWAY-ERROR-1");
    expect(receiver.requests).toEqual([]);
  });

  test.each([
    ["minor", [1250, "1250", 5, "5"]],
    ["major", [12.5, "12.5", 0.05, "0.05"]],
  ] as const)("amounts in %s units, alternating between numbers and strings", async (amounts, expected) => {
    const store = { ...DEVELOPMENT_STORE, storeId: "SIM-US", currencyCode: "USD" };
    const { simulator, receiver } = await wire({ stores: [store] });
    simulator.sendWebhooksTo({ url: receiver.url, secret: SECRET, amounts });
    for (const amount of ["12.50", "0.05"]) {
      await cancel(simulator, "ORD-1", amount, { store });
      await simulator.settledWebhooks();
    }
    const data = receiver.requests.map((request) => eventOf(request).data);
    const amountsSent = data.map((fields) => fields["refundRequestedAmount"] ?? fields["refundedAmount"]);
    expect(amountsSent).toEqual(expected);
    expect(data[0]).toMatchObject({ currencyCode: "USD", exponent: 2 });
  });
});

describe("the webhooks of an order", () => {
  test("SIM-WEBHOOK-LOST never come", async () => {
    const { simulator, receiver } = await wire();
    await cancelAndSettle(simulator, "SIM-WEBHOOK-LOST-1");
    expect(receiver.requests).toEqual([]);
    expect(simulator.ledger.effects()).toHaveLength(1);
  });

  test("SIM-WEBHOOK-DELAYED come later than those of a later order, and come in the end", async () => {
    const { simulator, receiver, reached } = await wire({ webhookDelayMs: NEVER_MS });
    await cancel(simulator, "SIM-WEBHOOK-DELAYED-1", "1000");
    await cancel(simulator, "ORD-1", "1000");
    await reached;
    expect(receiver.requests.map(eventOf)).toMatchObject([{ data: { orderNo: "ORD-1" } }]);

    const soon = await wire({ webhookDelayMs: 1 });
    await cancelAndSettle(soon.simulator, "SIM-WEBHOOK-DELAYED-1");
    expect(soon.receiver.requests.map(isGenuine)).toEqual([true, true]);
  });

  test("SIM-WEBHOOK-TWICE come twice with the same signed bytes", async () => {
    const { simulator, receiver } = await wire({ webhookRetryMs: [1] }, [500, 200]);
    await cancelAndSettle(simulator, "SIM-WEBHOOK-TWICE-1");
    expect(simulator.webhooks.map(({ status }) => status)).toEqual([500, 200, 200, 200, 200]);
    const [, first, second, ...ofTheRefund] = receiver.requests;
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers).toEqual(first?.headers);
    expect(ofTheRefund[1]?.body).toEqual(ofTheRefund[0]?.body);
    expect(receiver.requests.every(isGenuine)).toBe(true);
  });

  test("SIM-WEBHOOK-UNREQUESTED announce the refund alone, and never that it was requested", async () => {
    const { simulator, receiver } = await wire();
    await cancelAndSettle(simulator, "SIM-WEBHOOK-UNREQUESTED-1");
    expect(receiver.requests.map(eventOf)).toMatchObject([{ eventType: "PAYMENT_REFUNDED" }]);
  });

  test.each([[null], ["5000"]])(
    "SIM-WEBHOOK-REORDERED announce the capture after the refund (registered total: %s)",
    async (total) => {
      const { simulator, receiver } = await wire();
      const orderNo = "SIM-WEBHOOK-REORDERED-1";
      if (total !== null) simulator.payments.register({ orderNo, total, captured: true });
      await cancelAndSettle(simulator, orderNo);
      expect(receiver.requests.map(eventOf)).toMatchObject([
        { eventType: "PAYMENT_REFUND_REQUESTED", data: { refundRequestedAmount: "1000" } },
        { eventType: "PAYMENT_CAPTURED", data: { capturedAmount: Number(total ?? "1000") } },
        { eventType: "PAYMENT_REFUNDED", data: { refundedAmount: 1000 } },
      ]);
      expect(simulator.payments.all()).toMatchObject([{ total: new Decimal(total ?? "1000") }]);
    },
  );

  test("SIM-WEBHOOK-FORGED are signed with another secret, and no genuine one follows", async () => {
    const { simulator, receiver } = await wire({}, [401]);
    await cancelAndSettle(simulator, "SIM-WEBHOOK-FORGED-1");
    expect(receiver.requests.map(isGenuine)).toEqual([false, false]);
  });
});

describe("a webhook that is not accepted", () => {
  test("is sent again with the same body and a new signature", async () => {
    let seconds = 1_700_000_000;
    const now = (): Date => new Date((seconds += 1) * 1000);
    const lines: string[] = [];
    const options = { now, webhookRetryMs: [1, 1, 1], log: (line: string) => lines.push(line) };
    const { simulator, receiver } = await wire(options, [500, 302, 204]);
    await captureAndSettle(simulator);
    expect(simulator.webhooks).toEqual(
      [500, 302, 204].map((status) => ({ eventType: "PAYMENT_CAPTURED", orderNo: "ORD-1", status })),
    );
    const { requests } = receiver;
    expect(requests.map(isGenuine)).toEqual([true, true, true]);
    expect(new Set(requests.map(({ body }) => body.toString())).size).toBe(1);
    expect(new Set(requests.map(({ headers }) => headers[TIMESTAMP_HEADER])).size).toBe(3);
    // One line per attempt, and nothing of the body.
    expect(lines).toEqual([500, 302, 204].map((status) => `webhook PAYMENT_CAPTURED ORD-1 → ${status}`));
  });

  test("is not overtaken by the next one of its order", async () => {
    const { simulator } = await wire({ webhookRetryMs: [1] }, [500, 200]);
    await cancelAndSettle(simulator, "SIM-CAPTURED-1000");
    expect(simulator.webhooks.map(({ eventType, status }) => [eventType, status])).toEqual([
      ["PAYMENT_CAPTURED", 500],
      ["PAYMENT_CAPTURED", 200],
      ["PAYMENT_REFUND_REQUESTED", 200],
      ["PAYMENT_REFUNDED", 200],
    ]);
  });

  test("follows the receiver to a new address", async () => {
    const { receiver } = await wire();
    const simulator: Simulator = await ebp.simulator({
      webhooks: { url: `http://127.0.0.1:${await refusedPort()}`, secret: "old" },
      webhookRetryMs: [1],
      log: (line) => {
        if (line.endsWith("no answer")) simulator.sendWebhooksTo({ url: receiver.url, secret: SECRET });
      },
    });
    await captureAndSettle(simulator);
    expect(simulator.webhooks.map(({ status }) => status)).toEqual([null, 200]);
    expect(receiver.requests.map(isGenuine)).toEqual([true]);
  });

  test("is not sent again once there is no receiver", async () => {
    const log = (): void => simulator.sendWebhooksTo(null);
    const { simulator, receiver } = await wire({ webhookRetryMs: [1], log }, [500]);
    await captureAndSettle(simulator);
    expect(receiver.requests).toHaveLength(1);
  });

  test("has no status when the receiver takes too long, and is given up after the last attempt", async () => {
    const { simulator } = await wire({ webhookTimeoutMs: 1, webhookRetryMs: [1] }, [null]);
    await captureAndSettle(simulator);
    expect(simulator.webhooks).toMatchObject([{ status: null }, { status: null }]);
  });

  test.each([
    ["an answer", null],
    ["its next attempt", 500],
  ])("is dropped when the simulator closes while it waits for %s", async (_what, status) => {
    const waits = { webhookTimeoutMs: NEVER_MS, webhookRetryMs: [NEVER_MS] };
    const { simulator, receiver, reached } = await wire(waits, [status]);
    simulator.payments.register({ orderNo: "ORD-1", total: "1000", captured: true });
    await reached;
    await simulator.close();
    await simulator.settledWebhooks();
    expect(receiver.requests).toHaveLength(1);
  });
});

test("WEBHOOK_URL and WEBHOOK_SECRET name the receiver, both or neither", () => {
  const url = "http://127.0.0.1:4000/webhooks/ebp";
  expect(readWebhookTarget({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET })).toEqual({ url, secret: SECRET });
  expect(readWebhookTarget({})).toBeNull();
  expect(() => readWebhookTarget({ WEBHOOK_URL: url })).toThrow(/set both/u);
  expect(() => readWebhookTarget({ WEBHOOK_SECRET: SECRET })).toThrow(/set both/u);
  expect(() => readWebhookTarget({ WEBHOOK_URL: "here", WEBHOOK_SECRET: SECRET })).toThrow(/Invalid URL/u);
});
