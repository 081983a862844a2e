import { describe, expect, test } from "@jest/globals";
import type { Simulator, SimulatorOptions } from "../../simulator/simulator.js";
import { readWebhookTarget } from "../../simulator/webhooks.js";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/signatures.js";
import { useEbp } from "../helpers/upstream-client.js";
import { httpAnswer, refusedPort, type Upstream, type UpstreamRequest } from "../helpers/upstream.js";

const ebp = useEbp();
const SECRET = "webhook-secret";
/** Longer than any test: what waits so long does not come. */
const NEVER_MS = 600_000;

interface Wired {
  readonly simulator: Simulator;
  readonly receiver: Upstream;
  /** Resolves when a webhook has reached the receiver. */
  readonly reached: Promise<void>;
}

/** A simulator and a receiver that answers these statuses in turn, and the last one for good; null is no answer. */
async function wire(
  statuses: readonly (number | null)[],
  options: Partial<SimulatorOptions> = {},
): Promise<Wired> {
  let arrive: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const receiver = await ebp.upstream((_request, socket, count) => {
    const status = statuses[Math.min(count, statuses.length) - 1] ?? null;
    if (status !== null) socket.write(httpAnswer(status, ""));
    arrive();
  });
  const webhooks = { url: receiver.url, secret: SECRET };
  return { simulator: await ebp.simulator({ webhooks, ...options }), receiver, reached };
}

/** Something to tell of. */
function capture({ payments }: Simulator): void {
  payments.register({ orderNo: "ORD-1", total: "1000", captured: true });
}

function isGenuine({ headers, body }: UpstreamRequest): boolean {
  return headers[SIGNATURE_HEADER] === signWebhook(body, headers[TIMESTAMP_HEADER] ?? "", SECRET);
}

describe("a webhook that is not taken", () => {
  test("is sent again, the same body signed anew", async () => {
    let seconds = 1_700_000_000;
    const now = (): Date => new Date((seconds += 1) * 1000);
    const { simulator, receiver } = await wire([500, 302, 204], { now, webhookRetryMs: [1, 1, 1] });
    capture(simulator);
    await simulator.settledWebhooks();
    expect(simulator.webhooks).toEqual(
      [500, 302, 204].map((status) => ({ eventType: "PAYMENT_CAPTURED", orderNo: "ORD-1", status })),
    );
    const { requests } = receiver;
    expect(requests.map(isGenuine)).toEqual([true, true, true]);
    expect(new Set(requests.map(({ body }) => body.toString())).size).toBe(1);
    expect(new Set(requests.map(({ headers }) => headers[TIMESTAMP_HEADER])).size).toBe(3);
  });

  test("is given up after the last try", async () => {
    const { simulator } = await wire([500], { webhookRetryMs: [1, 1, 1] });
    capture(simulator);
    await simulator.settledWebhooks();
    expect(simulator.webhooks.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
  });

  test("is sent to where the receiver has moved to", async () => {
    const { receiver } = await wire([200]);
    const gone = { url: `http://127.0.0.1:${await refusedPort()}`, secret: "old" };
    const simulator: Simulator = await ebp.simulator({
      webhooks: gone,
      webhookRetryMs: [1],
      log: (line) => {
        if (line.endsWith("no answer")) simulator.sendWebhooksTo({ url: receiver.url, secret: SECRET });
      },
    });
    capture(simulator);
    await simulator.settledWebhooks();
    expect(simulator.webhooks.map(({ status }) => status)).toEqual([null, 200]);
    expect(receiver.requests.map(isGenuine)).toEqual([true]);
  });

  test("is not sent again once nobody is to be told", async () => {
    const { simulator, receiver } = await wire([500], {
      webhookRetryMs: [1],
      log: () => simulator.sendWebhooksTo(null),
    });
    capture(simulator);
    await simulator.settledWebhooks();
    expect(receiver.requests).toHaveLength(1);
  });

  test("has had no answer when the receiver takes too long", async () => {
    const { simulator } = await wire([null], { webhookTimeoutMs: 1, webhookRetryMs: [] });
    capture(simulator);
    await simulator.settledWebhooks();
    expect(simulator.webhooks).toMatchObject([{ status: null }]);
  });

  test.each([
    ["waits for an answer", null],
    ["waits for its next try", 500],
  ])("is dropped when the simulator closes while it %s", async (_state, status) => {
    const waits = { webhookTimeoutMs: NEVER_MS, webhookRetryMs: [NEVER_MS] };
    const { simulator, receiver, reached } = await wire([status], waits);
    capture(simulator);
    await reached;
    await simulator.close();
    await simulator.settledWebhooks();
    expect(receiver.requests).toHaveLength(1);
  });
});

test("logs one line per try, and nothing of a body", async () => {
  const lines: string[] = [];
  const { simulator } = await wire([500, 200], { log: (line) => lines.push(line), webhookRetryMs: [1] });
  capture(simulator);
  await simulator.settledWebhooks();
  expect(lines).toEqual(["webhook PAYMENT_CAPTURED ORD-1 → 500", "webhook PAYMENT_CAPTURED ORD-1 → 200"]);
});

test("takes its receiver from WEBHOOK_URL and WEBHOOK_SECRET, both or neither, when it runs alone", () => {
  const url = "http://127.0.0.1:4000/webhooks/ebp";
  expect(readWebhookTarget({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET })).toEqual({ url, secret: SECRET });
  expect(readWebhookTarget({})).toBeNull();
  expect(() => readWebhookTarget({ WEBHOOK_URL: url })).toThrow(/set both/u);
  expect(() => readWebhookTarget({ WEBHOOK_SECRET: SECRET })).toThrow(/set both/u);
  expect(() => readWebhookTarget({ WEBHOOK_URL: "here", WEBHOOK_SECRET: SECRET })).toThrow(/Invalid URL/u);
});
