import { describe, expect, test } from "@jest/globals";
import { request as send } from "undici";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { cancelBody, cancelUrl, requestHeaders } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { Simulator } from "../../simulator/simulator.js";
import { cancelItem, cancelRequest } from "../helpers/examples.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();
const OTHER_STORE = { ...DEVELOPMENT_STORE, storeId: "SIM-OTHER" };

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function cancel(
  { url }: Simulator,
  orderNo: string,
  amount: string,
  store = DEVELOPMENT_STORE,
): Promise<Answer> {
  const items = [cancelItem({ amount: new Decimal(amount) })];
  const body = Buffer.from(cancelBody(cancelRequest({ orderNo, items })));
  const headers = requestHeaders({ ...store, baseUrl: url }, body, "en");
  const response = await send(cancelUrl(url), { method: "POST", headers, body });
  return { status: response.statusCode, body: (await response.body.json()) as Record<string, unknown> };
}

const CONFIRMED = { status: 200, body: { resultCode: "0" } };
const CANCELLATION_FAILED = { status: 500, body: { resultCode: "EBP-C-0010" } };
const PARTIAL_BEFORE_CAPTURE = {
  status: 400,
  body: { resultCode: "EBP-C-0005", message: "Partial cancel is not possible before capture" },
};

describe("a captured payment of a known total", () => {
  const orderNo = "SIM-CAPTURED-1000-a";

  test("is cancelled bit by bit, and never by more than remains", async () => {
    const simulator = await ebp.simulator();
    expect(await cancel(simulator, orderNo, "1000.01")).toMatchObject(CANCELLATION_FAILED);
    expect(await cancel(simulator, orderNo, "400")).toMatchObject(CONFIRMED);
    expect(await cancel(simulator, orderNo, "600.01")).toMatchObject(CANCELLATION_FAILED);
    expect(await cancel(simulator, orderNo, "600")).toMatchObject(CONFIRMED);
    expect(simulator.ledger.effects(orderNo).map(({ total }) => total.toFixed())).toEqual(["400", "600"]);
  });

  test("takes no cancel once all of it is cancelled, not even of nothing", async () => {
    const simulator = await ebp.simulator();
    await cancel(simulator, orderNo, "1000");
    expect(await cancel(simulator, orderNo, "1000")).toMatchObject(CANCELLATION_FAILED);
    expect(await cancel(simulator, orderNo, "0")).toMatchObject(CANCELLATION_FAILED);
    expect(simulator.ledger.effects()).toHaveLength(1);
  });
});

describe("a payment that is not captured", () => {
  const orderNo = "SIM-UNCAPTURED-12.50";

  test.each(["12.49", "12.51", "0"])("refuses a cancel of %s, which is not the whole", async (amount) => {
    const simulator = await ebp.simulator();
    expect(await cancel(simulator, orderNo, amount)).toMatchObject(PARTIAL_BEFORE_CAPTURE);
    expect(simulator.ledger.effects()).toEqual([]);
    expect(simulator.payments.all(orderNo)).toMatchObject([
      { cancelled: new Decimal(0), pgCancelTransactionId: null },
    ]);
  });

  test("is voided as a whole, once", async () => {
    const simulator = await ebp.simulator();
    expect(await cancel(simulator, orderNo, "12.5")).toMatchObject(CONFIRMED);
    expect(await cancel(simulator, orderNo, "12.5")).toMatchObject(CANCELLATION_FAILED);
    expect(await cancel(simulator, orderNo, "1")).toMatchObject(CANCELLATION_FAILED);
    expect(simulator.ledger.effects()).toHaveLength(1);
  });
});

test("sets no limit to the cancels of a payment whose total it does not know", async () => {
  const simulator = await ebp.simulator();
  for (const amount of ["1000", "999999", "1"])
    expect(await cancel(simulator, "ORD-1", amount)).toMatchObject(CONFIRMED);
  expect(simulator.payments.all("ORD-1")).toMatchObject([
    { total: null, captured: true, cancelled: new Decimal(1_001_000) },
  ]);
});

test("lets the payment decide before the order number forces anything", async () => {
  const simulator = await ebp.simulator();
  const orderNo = "SIM-TIMEOUT-AFTER-EFFECT-1";
  simulator.payments.register({ orderNo, total: "500", captured: true });
  expect(await cancel(simulator, orderNo, "501")).toMatchObject(CANCELLATION_FAILED);
  simulator.payments.register({ orderNo, total: "500", captured: false });
  expect(await cancel(simulator, orderNo, "499")).toMatchObject(PARTIAL_BEFORE_CAPTURE);
  expect(simulator.ledger.effects()).toEqual([]);
});

describe("a registered payment", () => {
  test("is its first store's unless stated, and no other's", async () => {
    const simulator = await ebp.simulator({ stores: [DEVELOPMENT_STORE, OTHER_STORE] });
    simulator.payments.register({ orderNo: "ORD-1", total: "10", captured: true });
    simulator.payments.register({ orderNo: "ORD-2", total: "10", captured: true, storeId: "SIM-OTHER" });
    expect(await cancel(simulator, "ORD-1", "11")).toMatchObject(CANCELLATION_FAILED);
    expect(await cancel(simulator, "ORD-1", "11", OTHER_STORE)).toMatchObject(CONFIRMED);
    expect(await cancel(simulator, "ORD-2", "11", OTHER_STORE)).toMatchObject(CANCELLATION_FAILED);
  });

  test("can be captured by registering it again, and keeps what was cancelled", async () => {
    const simulator = await ebp.simulator();
    const payment = { orderNo: "ORD-1", total: "10" };
    simulator.payments.register({ ...payment, captured: false });
    expect(await cancel(simulator, "ORD-1", "4")).toMatchObject(PARTIAL_BEFORE_CAPTURE);
    simulator.payments.register({ ...payment, captured: true });
    expect(await cancel(simulator, "ORD-1", "4")).toMatchObject(CONFIRMED);
    simulator.payments.register({ ...payment, captured: true });
    expect(await cancel(simulator, "ORD-1", "7")).toMatchObject(CANCELLATION_FAILED);
  });

  test("must have a total that is a decimal, and a store that is there", async () => {
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
  test.each([
    ["SIM-CAPTURED-106000", "106000", true],
    ["SIM-CAPTURED-12.50", "12.5", true],
    ["SIM-CAPTURED-12.50-1", "12.5", true],
    ["SIM-UNCAPTURED-1x", "1", false],
    ["SIM-UNCAPTURED-0-1", "0", false],
  ])("%s stands for a payment of %s", async (orderNo, total, captured) => {
    const simulator = await ebp.simulator();
    await cancel(simulator, orderNo, "1000000");
    expect(simulator.payments.all()).toMatchObject([{ orderNo, total: new Decimal(total), captured }]);
  });

  test.each(["SIM-CAPTURED-", "SIM-CAPTURED-12.", "SIM-CAPTURED-1.2.3", "SIM-CAPTURED1", "A-SIM-CAPTURED-1"])(
    "%s states no total",
    async (orderNo) => {
      const simulator = await ebp.simulator();
      await cancel(simulator, orderNo, "1000000");
      expect(simulator.payments.all()).toMatchObject([{ orderNo, total: null }]);
    },
  );

  test("stands for its payment from the first request that names it, even a wrong one", async () => {
    const simulator = await ebp.simulator();
    const body = Buffer.from('{"orderNo":"SIM-UNCAPTURED-5"}');
    const headers = requestHeaders({ ...DEVELOPMENT_STORE, baseUrl: "" }, body, "en");
    const url = cancelUrl(simulator.url);
    await (
      await send(url, { method: "POST", headers: { ...headers, "X-Access-Key": "wrong" }, body })
    ).body.dump();
    expect(simulator.payments.all()).toEqual([]);
    await (await send(url, { method: "POST", headers, body })).body.dump();
    expect(simulator.payments.all()).toMatchObject([{ orderNo: "SIM-UNCAPTURED-5", captured: false }]);
  });
});
