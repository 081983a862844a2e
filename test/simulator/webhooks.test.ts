import { describe, expect, test } from "@jest/globals";
import { request as send } from "undici";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { cancelBody, cancelUrl, requestHeaders } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { Simulator, SimulatorOptions } from "../../simulator/simulator.js";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/signatures.js";
import { cancelItem, cancelRequest } from "../helpers/examples.js";
import { useEbp } from "../helpers/upstream-client.js";
import { httpAnswer, type Upstream, type UpstreamRequest } from "../helpers/upstream.js";

const ebp = useEbp();
const SECRET = "webhook-secret";
const AT = new Date("2025-12-24T01:02:03.456Z");
const DOLLAR_STORE = { ...DEVELOPMENT_STORE, storeId: "SIM-US", currencyCode: "USD" };
/** Longer than any test: what waits so long does not come. */
const NEVER_MS = 600_000;

interface Wired {
  readonly simulator: Simulator;
  readonly receiver: Upstream;
}

/** A simulator and a receiver that answers these statuses in turn, and the last one for good; null is no answer. */
async function wire(
  options: Partial<SimulatorOptions> = {},
  statuses: readonly (number | null)[] = [200],
): Promise<Wired> {
  const receiver = await ebp.upstream((_request, socket, count) => {
    const status = statuses[Math.min(count, statuses.length) - 1] ?? null;
    if (status !== null) socket.write(httpAnswer(status, ""));
  });
  const simulator = await ebp.simulator({ now: () => AT, ...options });
  simulator.sendWebhooksTo({ url: `${receiver.url}/webhooks/ebp`, secret: SECRET });
  return { simulator, receiver };
}

async function cancel(
  { url }: Simulator,
  orderNo: string,
  amount: string,
  store = DEVELOPMENT_STORE,
): Promise<void> {
  const items = [cancelItem({ amount: new Decimal(amount) })];
  const body = Buffer.from(cancelBody(cancelRequest({ orderNo, items })));
  const headers = requestHeaders({ ...store, baseUrl: "" }, body, "en");
  const response = await send(cancelUrl(url), { method: "POST", headers, body });
  expect(await response.body.json()).toMatchObject({ resultCode: "0" });
}

function eventOf({ body }: UpstreamRequest): { eventType: string; data: Record<string, unknown> } {
  return JSON.parse(body.toString("utf8"));
}

function isGenuine({ headers, body }: UpstreamRequest): boolean {
  return headers[SIGNATURE_HEADER] === signWebhook(body, headers[TIMESTAMP_HEADER] ?? "", SECRET);
}

test("signs the time stamp and the raw body as EBP documents it", () => {
  const body = Buffer.from('{"eventType":"PAYMENT_VOIDED"}');
  expect(signWebhook(body, "1735689600", SECRET)).toBe(
    "a3ee42d4f80b1126093919c27371fdcd9694cd025ffe181e04f5b3d4ee25c92a",
  );
});

describe("tells", () => {
  test("of the refund of a captured payment", async () => {
    const { simulator, receiver } = await wire();
    await cancel(simulator, "ORD-1", "1000");
    await simulator.settledWebhooks();
    const [request] = receiver.requests;
    expect(request?.requestLine).toBe("POST /webhooks/ebp HTTP/1.1");
    expect(request?.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      [TIMESTAMP_HEADER]: "1766538123",
    });
    expect(receiver.requests.map(isGenuine)).toEqual([true]);
    expect(receiver.requests.map(eventOf)).toEqual([
      {
        eventType: "PAYMENT_REFUND_REQUESTED",
        eventTime: AT.toISOString(),
        data: {
          orderNo: "ORD-1",
          paymentStatus: "REFUND_REQUESTED",
          refundRequestedAmount: 1000,
          currencyCode: "KRW",
          exponent: 0,
          resultCode: "0",
          resultMessage: "SUCCESS",
        },
      },
    ]);
    expect(simulator.webhooks).toEqual([
      { eventType: "PAYMENT_REFUND_REQUESTED", orderNo: "ORD-1", status: 200 },
    ]);
  });

  test("of the voiding of a payment before capture", async () => {
    const { simulator, receiver } = await wire();
    await cancel(simulator, "SIM-UNCAPTURED-1000", "1000");
    await simulator.settledWebhooks();
    expect(receiver.requests.map(eventOf)).toMatchObject([
      { eventType: "PAYMENT_VOIDED", data: { paymentStatus: "CANCELED", voidedAmount: 1000 } },
    ]);
  });

  test("of a capture when it first knows of one, and before the refund", async () => {
    const { simulator, receiver } = await wire();
    await cancel(simulator, "SIM-CAPTURED-1000", "400");
    await cancel(simulator, "SIM-CAPTURED-1000", "600");
    await simulator.settledWebhooks();
    expect(receiver.requests.map(eventOf)).toMatchObject([
      {
        eventType: "PAYMENT_CAPTURED",
        data: { paymentStatus: "CAPTURED", capturedAmount: 1000, capturedAt: AT.toISOString() },
      },
      { eventType: "PAYMENT_REFUND_REQUESTED", data: { refundRequestedAmount: "400" } },
      { eventType: "PAYMENT_REFUND_REQUESTED", data: { refundRequestedAmount: 600 } },
    ]);
  });

  test("of the capture of a registered payment, at the time it is captured", async () => {
    const { simulator } = await wire();
    const payment = { orderNo: "ORD-1", total: "1000" };
    simulator.payments.register({ ...payment, captured: false });
    await simulator.settledWebhooks();
    expect(simulator.webhooks).toEqual([]);
    simulator.payments.register({ ...payment, captured: true });
    simulator.payments.register({ ...payment, captured: true });
    await simulator.settledWebhooks();
    expect(simulator.webhooks).toEqual([{ eventType: "PAYMENT_CAPTURED", orderNo: "ORD-1", status: 200 }]);
  });

  test("of nothing while nobody is to be told, or that had no effect", async () => {
    const { simulator, receiver } = await wire();
    simulator.sendWebhooksTo(null);
    await cancel(simulator, "ORD-1", "1000");
    simulator.sendWebhooksTo({ url: receiver.url, secret: SECRET });
    await expect(cancel(simulator, "SIM-GATEWAY-ERROR-1", "1000")).rejects.toThrow();
    await simulator.settledWebhooks();
    expect(receiver.requests).toEqual([]);
  });

  test("the receiver that it was started with", async () => {
    const { receiver } = await wire();
    const webhooks = { url: receiver.url, secret: SECRET };
    const simulator = await ebp.simulator({ webhooks });
    await cancel(simulator, "ORD-1", "1000");
    await simulator.settledWebhooks();
    expect(receiver.requests.map(isGenuine)).toEqual([true]);
  });
});

test("does not overtake a webhook of the same order that has to be sent again", async () => {
  const { simulator } = await wire({ webhookRetryMs: [1] }, [500, 200]);
  await cancel(simulator, "SIM-CAPTURED-1000", "1000");
  await simulator.settledWebhooks();
  expect(simulator.webhooks.map(({ eventType, status }) => [eventType, status])).toEqual([
    ["PAYMENT_CAPTURED", 500],
    ["PAYMENT_CAPTURED", 200],
    ["PAYMENT_REFUND_REQUESTED", 200],
  ]);
});

describe("writes amounts", () => {
  test.each([
    ["minor", [1250, "5"]],
    ["major", [12.5, "0.05"]],
  ] as const)("in %s units, numbers and strings by turns", async (amounts, expected) => {
    const { simulator, receiver } = await wire({ stores: [DOLLAR_STORE] });
    simulator.sendWebhooksTo({ url: receiver.url, secret: SECRET, amounts });
    for (const amount of ["12.50", "0.05"]) {
      await cancel(simulator, "ORD-1", amount, DOLLAR_STORE);
      await simulator.settledWebhooks();
    }
    const data = receiver.requests.map((request) => eventOf(request).data);
    expect(data.map((fields) => fields["refundRequestedAmount"])).toEqual(expected);
    expect(data).toMatchObject([{ currencyCode: "USD", exponent: 2 }, {}]);
  });
});

describe("the webhooks of an order", () => {
  test("SIM-WEBHOOK-LOST never come", async () => {
    const { simulator, receiver } = await wire();
    await cancel(simulator, "SIM-WEBHOOK-LOST-1", "1000");
    await simulator.settledWebhooks();
    expect(receiver.requests).toEqual([]);
    expect(simulator.ledger.effects()).toHaveLength(1);
  });

  test("SIM-WEBHOOK-DELAYED are still to come when those of a later order are there", async () => {
    let arrived: () => void = () => undefined;
    const firstArrival = new Promise<void>((resolve) => (arrived = resolve));
    const { simulator, receiver } = await wire({
      webhookDelayMs: NEVER_MS,
      log: (line) => {
        if (line.startsWith("webhook")) arrived();
      },
    });
    await cancel(simulator, "SIM-WEBHOOK-DELAYED-1", "1000");
    await cancel(simulator, "ORD-1", "1000");
    await firstArrival;
    expect(receiver.requests.map(eventOf)).toMatchObject([{ data: { orderNo: "ORD-1" } }]);
  });

  test("SIM-WEBHOOK-DELAYED come in the end", async () => {
    const { simulator, receiver } = await wire({ webhookDelayMs: 1 });
    await cancel(simulator, "SIM-WEBHOOK-DELAYED-1", "1000");
    await simulator.settledWebhooks();
    expect(receiver.requests.map(isGenuine)).toEqual([true]);
  });

  test("SIM-WEBHOOK-TWICE come twice with the same signed bytes", async () => {
    const { simulator, receiver } = await wire({ webhookRetryMs: [1] }, [500, 200]);
    await cancel(simulator, "SIM-WEBHOOK-TWICE-1", "1000");
    await simulator.settledWebhooks();
    expect(simulator.webhooks.map(({ status }) => status)).toEqual([500, 200, 200]);
    const [, first, second] = receiver.requests;
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers).toEqual(first?.headers);
    expect(receiver.requests.map(isGenuine)).toEqual([true, true, true]);
  });

  test.each([[null], ["5000"]])(
    "SIM-WEBHOOK-REORDERED tell of the capture after the refund, the total registered being %s",
    async (total) => {
      const { simulator, receiver } = await wire();
      const orderNo = "SIM-WEBHOOK-REORDERED-1";
      if (total !== null) simulator.payments.register({ orderNo, total, captured: true });
      await cancel(simulator, orderNo, "1000");
      await simulator.settledWebhooks();
      expect(receiver.requests.map(eventOf)).toMatchObject([
        { eventType: "PAYMENT_REFUND_REQUESTED", data: { refundRequestedAmount: "1000" } },
        { eventType: "PAYMENT_CAPTURED", data: { capturedAmount: Number(total ?? "1000") } },
      ]);
      expect(simulator.payments.all()).toMatchObject([{ total: new Decimal(total ?? "1000") }]);
    },
  );

  test("SIM-WEBHOOK-FORGED are signed with another secret, and no genuine one follows", async () => {
    const { simulator, receiver } = await wire({}, [401]);
    await cancel(simulator, "SIM-WEBHOOK-FORGED-1", "1000");
    await simulator.settledWebhooks();
    expect(receiver.requests.map(isGenuine)).toEqual([false]);
  });
});
