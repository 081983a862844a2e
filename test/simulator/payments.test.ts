import { describe, expect, test } from "@jest/globals";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { cancelUrl } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { Simulator, SimulatorOptions } from "../../simulator/simulator.js";
import { cancel, OTHER_STORE, post } from "../helpers/simulator.js";
import { useEbp } from "../helpers/upstream-client.js";
import { httpAnswer } from "../helpers/upstream.js";

const ebp = useEbp();

const CONFIRMED = { status: 200, body: { resultCode: "0" } };
const CANCELLATION_FAILED = { status: 500, body: { resultCode: "EBP-C-0010" } };
const PARTIAL_BEFORE_CAPTURE = {
  status: 400,
  body: { resultCode: "EBP-C-0005", message: "Partial cancel is not possible before capture" },
};

test("a captured payment of a known total is cancelled in parts, and never by more than remains", async () => {
  const orderNo = "SIM-CAPTURED-1000-a";
  const simulator = await ebp.simulator();
  expect(await cancel(simulator, orderNo, "1000.01")).toMatchObject(CANCELLATION_FAILED);
  expect(await cancel(simulator, orderNo, "400")).toMatchObject(CONFIRMED);
  expect(await cancel(simulator, orderNo, "600.01")).toMatchObject(CANCELLATION_FAILED);
  expect(await cancel(simulator, orderNo, "600")).toMatchObject(CONFIRMED);
  // Nothing remains, so not even a cancel of 0 is accepted.
  for (const amount of ["600", "0"])
    expect(await cancel(simulator, orderNo, amount)).toMatchObject(CANCELLATION_FAILED);
  expect(simulator.ledger.effects(orderNo).map(({ total }) => total.toFixed())).toEqual(["400", "600"]);
});

test("a payment that is not captured is voided as a whole, once", async () => {
  const orderNo = "SIM-UNCAPTURED-12.50";
  const simulator = await ebp.simulator();
  for (const amount of ["12.49", "12.51", "0"])
    expect(await cancel(simulator, orderNo, amount)).toMatchObject(PARTIAL_BEFORE_CAPTURE);
  expect(simulator.payments.all(orderNo)).toMatchObject([
    { cancelled: new Decimal(0), pgCancelTransactionId: null },
  ]);
  expect(await cancel(simulator, orderNo, "12.5")).toMatchObject(CONFIRMED);
  for (const amount of ["12.5", "1"])
    expect(await cancel(simulator, orderNo, amount)).toMatchObject(CANCELLATION_FAILED);
  expect(simulator.ledger.effects()).toHaveLength(1);
});

test("a payment of an unknown total accepts any cancel", async () => {
  const simulator = await ebp.simulator();
  for (const amount of ["1000", "999999", "1"])
    expect(await cancel(simulator, "ORD-1", amount)).toMatchObject(CONFIRMED);
  expect(simulator.payments.all("ORD-1")).toMatchObject([
    { total: null, captured: true, cancelled: new Decimal(1_001_000) },
  ]);
});

test("the payment decides before the order number forces anything", async () => {
  const simulator = await ebp.simulator();
  const orderNo = "SIM-TIMEOUT-AFTER-EFFECT-1";
  simulator.payments.register({ orderNo, total: "500", captured: true });
  expect(await cancel(simulator, orderNo, "501")).toMatchObject(CANCELLATION_FAILED);
  simulator.payments.register({ orderNo, total: "500", captured: false });
  expect(await cancel(simulator, orderNo, "499")).toMatchObject(PARTIAL_BEFORE_CAPTURE);
  expect(simulator.ledger.effects()).toEqual([]);
});

describe("a registered payment", () => {
  test("belongs to the first store unless another is stated", async () => {
    const simulator = await ebp.simulator({ stores: [DEVELOPMENT_STORE, OTHER_STORE] });
    simulator.payments.register({ orderNo: "ORD-1", total: "10", captured: true });
    simulator.payments.register({ orderNo: "ORD-2", total: "10", captured: true, storeId: "SIM-OTHER" });
    const ofOther = { store: OTHER_STORE };
    expect(await cancel(simulator, "ORD-1", "11")).toMatchObject(CANCELLATION_FAILED);
    expect(await cancel(simulator, "ORD-1", "11", ofOther)).toMatchObject(CONFIRMED);
    expect(await cancel(simulator, "ORD-2", "11", ofOther)).toMatchObject(CANCELLATION_FAILED);
  });

  test("is captured by registering it again, and keeps what was cancelled", async () => {
    const simulator = await ebp.simulator();
    const payment = { orderNo: "ORD-1", total: "10" };
    simulator.payments.register({ ...payment, captured: false });
    expect(await cancel(simulator, "ORD-1", "4")).toMatchObject(PARTIAL_BEFORE_CAPTURE);
    simulator.payments.register({ ...payment, captured: true });
    expect(await cancel(simulator, "ORD-1", "4")).toMatchObject(CONFIRMED);
    simulator.payments.register({ ...payment, captured: true });
    expect(await cancel(simulator, "ORD-1", "7")).toMatchObject(CANCELLATION_FAILED);
  });

  test("must have a decimal total and a known store", async () => {
    const { payments } = await ebp.simulator();
    const payment = { orderNo: "ORD-1", total: "10", captured: true };
    expect(() => payments.register({ ...payment, total: "ten" })).toThrow(
      'registering payment ORD-1: "ten" is no decimal',
    );
    expect(() => payments.register({ ...payment, storeId: "SIM-XX" })).toThrow(
      'registering payment ORD-1: no store "SIM-XX"',
    );
    expect(payments.all()).toEqual([]);
  });
});

describe("an order number", () => {
  test("stands for a payment of the total in it, captured or not, or states none", async () => {
    const simulator = await ebp.simulator();
    for (const [orderNo, total, captured] of [
      ["SIM-CAPTURED-106000", "106000", true],
      ["SIM-CAPTURED-12.50", "12.5", true],
      ["SIM-CAPTURED-12.50-1", "12.5", true],
      ["SIM-UNCAPTURED-1x", "1", false],
      ["SIM-UNCAPTURED-0-1", "0", false],
      ...["SIM-CAPTURED-", "SIM-CAPTURED-12.", "SIM-CAPTURED-1.2.3", "SIM-CAPTURED1", "A-SIM-CAPTURED-1"].map(
        (none) => [none, null, true] as const,
      ),
    ] as const) {
      await cancel(simulator, orderNo, "1000000");
      expect(simulator.payments.all(orderNo)).toMatchObject([
        { orderNo, total: total && new Decimal(total), captured },
      ]);
    }
  });

  test("stands for its payment from the first signed request that names it, even an invalid one", async () => {
    const simulator = await ebp.simulator();
    const url = cancelUrl(simulator.url);
    await post(url, '{"orderNo":"SIM-UNCAPTURED-5"}', { headers: { "X-Access-Key": "wrong" } });
    expect(simulator.payments.all()).toEqual([]);
    await post(url, '{"orderNo":"SIM-UNCAPTURED-5"}');
    expect(simulator.payments.all()).toMatchObject([{ orderNo: "SIM-UNCAPTURED-5", captured: false }]);
  });
});

describe("a late effect", () => {
  const orderNo = "SIM-LATE-EFFECT-1";

  interface LateSimulator {
    readonly simulator: Simulator;
    /** Resolves when the cancel has been decided; it is never answered. */
    readonly cancelUnanswered: (orderNo: string) => Promise<void>;
  }

  async function startLate(options: Partial<SimulatorOptions> = {}): Promise<LateSimulator> {
    let decided: () => void = () => undefined;
    const beforeAnswer = (): Promise<void> => {
      decided();
      return Promise.resolve();
    };
    const simulator = await ebp.simulator({ ...options, beforeAnswer });
    const cancelUnanswered = (ofOrder: string): Promise<void> =>
      new Promise((resolve, reject) => {
        decided = resolve;
        // It is rejected when the simulator closes, which then changes nothing.
        cancel(simulator, ofOrder, "1000").then(reject, reject);
      });
    return { simulator, cancelUnanswered };
  }

  test("lands when a test asks for it", async () => {
    const { simulator, cancelUnanswered } = await startLate();
    await cancelUnanswered(orderNo);
    await cancelUnanswered("SIM-LATE-EFFECT-2");
    expect(simulator.ledger.effects()).toEqual([]);
    expect(simulator.payments.all(orderNo)).toMatchObject([{ cancelled: new Decimal(0) }]);

    expect(simulator.landLateEffects()).toBe(2);
    expect(simulator.ledger.effects(orderNo)).toMatchObject([{ total: new Decimal(1000) }]);
    expect(simulator.payments.all(orderNo)).toMatchObject([{ cancelled: new Decimal(1000) }]);
    expect(simulator.landLateEffects()).toBe(0);
    expect(simulator.ledger.effects()).toHaveLength(2);
  });

  test("lands by itself after its time, and is then announced by webhook", async () => {
    let announced: () => void = () => undefined;
    const landed = new Promise<void>((resolve) => (announced = resolve));
    const receiver = await ebp.upstream((_request, socket) => {
      socket.write(httpAnswer(200, ""));
      announced();
    });
    const webhooks = { url: receiver.url, secret: "webhook-secret" };
    const { simulator, cancelUnanswered } = await startLate({ lateMs: 1, webhooks });
    await cancelUnanswered(orderNo);
    await landed;
    expect(simulator.ledger.effects(orderNo)).toHaveLength(1);
    expect(simulator.landLateEffects()).toBe(0);
  });

  test("does not land when the payment no longer allows it", async () => {
    const { simulator, cancelUnanswered } = await startLate();
    simulator.payments.register({ orderNo, total: "1500", captured: true });
    await cancelUnanswered(orderNo);
    await cancelUnanswered(orderNo);
    expect(simulator.landLateEffects()).toBe(1);
    expect(simulator.ledger.effects(orderNo)).toHaveLength(1);
  });

  test("is dropped when the simulator closes", async () => {
    const { simulator, cancelUnanswered } = await startLate();
    await cancelUnanswered(orderNo);
    await simulator.close();
    expect(simulator.landLateEffects()).toBe(0);
    expect(simulator.ledger.effects()).toEqual([]);
  });
});
