import { expect, test } from "@jest/globals";
import { request as send } from "undici";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { cancelBody, cancelUrl, requestHeaders } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { Simulator, SimulatorOptions } from "../../simulator/simulator.js";
import { cancelItem, cancelRequest } from "../helpers/examples.js";
import { useEbp } from "../helpers/upstream-client.js";
import { httpAnswer } from "../helpers/upstream.js";

const ebp = useEbp();

interface LateSimulator {
  readonly simulator: Simulator;
  /** Resolves when the cancel has been decided; it is never answered. */
  readonly cancelInVain: (orderNo: string, amount: number) => Promise<void>;
}

async function startLate(options: Partial<SimulatorOptions> = {}): Promise<LateSimulator> {
  let decided: () => void = () => undefined;
  const beforeAnswer = (): Promise<void> => {
    decided();
    return Promise.resolve();
  };
  const simulator = await ebp.simulator({ ...options, beforeAnswer });
  const cancelInVain = (orderNo: string, amount: number): Promise<void> =>
    new Promise((resolve, reject) => {
      decided = resolve;
      const items = [cancelItem({ amount: new Decimal(amount) })];
      const body = Buffer.from(cancelBody(cancelRequest({ orderNo, items })));
      const headers = requestHeaders({ ...DEVELOPMENT_STORE, baseUrl: "" }, body, "en");
      // After it has been decided the rejection is the connection that closing the simulator cuts.
      send(cancelUrl(simulator.url), { method: "POST", headers, body }).then(reject, reject);
    });
  return { simulator, cancelInVain };
}

test("lands late effects when a test asks for them", async () => {
  const { simulator, cancelInVain } = await startLate();
  await cancelInVain("SIM-LATE-EFFECT-1", 1000);
  await cancelInVain("SIM-LATE-EFFECT-2", 1000);
  expect(simulator.ledger.effects()).toEqual([]);
  expect(simulator.payments.all("SIM-LATE-EFFECT-1")).toMatchObject([{ cancelled: new Decimal(0) }]);

  expect(simulator.landLateEffects()).toBe(2);
  expect(simulator.ledger.effects("SIM-LATE-EFFECT-1")).toMatchObject([{ total: new Decimal(1000) }]);
  expect(simulator.payments.all("SIM-LATE-EFFECT-1")).toMatchObject([{ cancelled: new Decimal(1000) }]);
  expect(simulator.landLateEffects()).toBe(0);
  expect(simulator.ledger.effects()).toHaveLength(2);
});

test("lands a late effect by itself after its time, and tells of it then", async () => {
  let told: () => void = () => undefined;
  const receiver = await ebp.upstream((_request, socket) => {
    socket.write(httpAnswer(200, ""));
    told();
  });
  const landed = new Promise<void>((resolve) => (told = resolve));
  const webhooks = { url: receiver.url, secret: "webhook-secret" };
  const { simulator, cancelInVain } = await startLate({ lateMs: 1, webhooks });
  await cancelInVain("SIM-LATE-EFFECT-1", 1000);
  await landed;
  expect(simulator.ledger.effects("SIM-LATE-EFFECT-1")).toHaveLength(1);
  expect(simulator.landLateEffects()).toBe(0);
});

test("has no effect late that does not fit the payment any more", async () => {
  const { simulator, cancelInVain } = await startLate();
  const orderNo = "SIM-LATE-EFFECT-1";
  simulator.payments.register({ orderNo, total: "1500", captured: true });
  await cancelInVain(orderNo, 1000);
  await cancelInVain(orderNo, 1000);
  expect(simulator.landLateEffects()).toBe(1);
  expect(simulator.ledger.effects(orderNo)).toHaveLength(1);
});

test("drops late effects when it closes", async () => {
  const { simulator, cancelInVain } = await startLate();
  await cancelInVain("SIM-LATE-EFFECT-1", 1000);
  await simulator.close();
  expect(simulator.landLateEffects()).toBe(0);
  expect(simulator.ledger.effects()).toEqual([]);
});
