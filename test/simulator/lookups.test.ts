import { expect, test } from "@jest/globals";
import { request as send } from "undici";
import { detailUrl } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import type { Simulator } from "../../simulator/simulator.js";
import { cancel, lookUp, OTHER_STORE, post, servedLedger } from "../helpers/simulator.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

async function statusOf(simulator: Simulator, orderNo: string): Promise<unknown> {
  return (await lookUp(simulator, orderNo)).body.data.paymentStatus;
}

test("a lookup shows the published fields of a payment, and a cancel's id after the first cancel", async () => {
  const simulator = await ebp.simulator();
  const before = await lookUp(simulator, "SIM-CAPTURED-1000");
  expect(before.status).toBe(200);
  expect(before.body).toEqual({
    resultCode: "0",
    message: "SUCCESS",
    requestId: expect.stringMatching(/^\d{13}$/u),
    timestamp: expect.any(String),
    data: {
      orderNo: "SIM-CAPTURED-1000",
      storeRequestNo: expect.stringMatching(/^STOREREQ\d+$/u),
      pgTransactionId: expect.stringMatching(/^PG\d+$/u),
      buyerName: "Simulated Buyer",
      paymentStatus: "CAPTURED",
    },
  });
  await cancel(simulator, "SIM-CAPTURED-1000", "1");
  expect((await lookUp(simulator, "SIM-CAPTURED-1000")).body.data).toEqual({
    ...before.body.data,
    pgCancelTransactionId: expect.stringMatching(/^PGCANCEL\d+$/u),
    paymentStatus: "REFUND_REQUESTED",
  });
});

test.each<[orderNo: string, first: string | null, steps: [amount: string, status: string][]]>([
  [
    "SIM-CAPTURED-1000",
    "CAPTURED",
    [
      ["1001", "CAPTURED"],
      ["400", "REFUND_REQUESTED"],
      ["600", "CANCELED"],
    ],
  ],
  [
    "SIM-UNCAPTURED-1000",
    "APPROVED",
    [
      ["999", "APPROVED"],
      ["1000", "CANCELED"],
    ],
  ],
  // Its total is not known: it is never CANCELED.
  ["ORD-1", null, [["1000", "REFUND_REQUESTED"]]],
])("the status of the payment of %s follows its cancels", async (orderNo, first, steps) => {
  const simulator = await ebp.simulator();
  if (first !== null) expect(await statusOf(simulator, orderNo)).toBe(first);
  for (const [amount, status] of steps) {
    await cancel(simulator, orderNo, amount);
    expect(await statusOf(simulator, orderNo)).toBe(status);
  }
});

test("a lookup of an unknown order is refused, and does not claim that there was no cancel", async () => {
  const simulator = await ebp.simulator({ stores: [DEVELOPMENT_STORE, OTHER_STORE] });
  const refused = {
    status: 400,
    body: {
      resultCode: "EBP-C-0005",
      message: "Order not found",
      errors: [{ field: "orderNo", message: "is not known" }],
    },
  };
  expect(await lookUp(simulator, "ORD-1")).toMatchObject(refused);
  const inKorean = await lookUp(simulator, "ORD-1", { headers: { "X-System-Language": "ko" } });
  expect(inKorean.body).toMatchObject({ resultCode: "EBP-C-0005", message: "주문을 찾을 수 없습니다" });
  await cancel(simulator, "ORD-1", "1000");
  expect(await lookUp(simulator, "ORD-1", { store: OTHER_STORE })).toMatchObject(refused);
  expect(await lookUp(simulator, "ORD-1")).toMatchObject({ status: 200 });
});

test("a lookup is refused for a body that is no JSON or names no order", async () => {
  const { url } = await ebp.simulator();
  expect((await post(detailUrl(url), "{")).body.resultCode).toBe("EBP-C-0006");
  for (const json of ["{}", '{"orderNo":""}', '{"orderNo":1}'])
    expect(await post(detailUrl(url), json)).toMatchObject({
      status: 400,
      body: { resultCode: "EBP-C-0007" },
    });
});

test("a lookup needs the right signature and method", async () => {
  const simulator = await ebp.simulator();
  const headers = { "X-EBP-Signature": "wrong" };
  expect(await lookUp(simulator, "SIM-CAPTURED-1", { headers })).toMatchObject({
    status: 400,
    body: {
      resultCode: "EBP-A-0001",
      errors: [{ header: "X-EBP-Signature", message: "Invalid Header Value" }],
    },
  });
  const got = await send(detailUrl(simulator.url));
  expect([got.statusCode, await got.body.json()]).toMatchObject([405, { resultCode: "EBP-Z-0002" }]);
});

test("a lookup of a SIM-LOOKUP… order goes wrong as its order number says", async () => {
  const simulator = await ebp.simulator();
  expect(await lookUp(simulator, "SIM-LOOKUP-ERROR-1")).toMatchObject({
    status: 500,
    body: { resultCode: "EBP-Z-0010" },
  });
  expect(await lookUp(simulator, "SIM-LOOKUP-HTML-1")).toMatchObject({
    status: 502,
    type: "text/html",
    text: expect.stringContaining("<html>"),
  });
  expect(simulator.ledger.lookups()).toMatchObject([{ outcome: "EBP-Z-0010" }, { outcome: "html" }]);
});

test("an answer that is held back shows the payment as it was", async () => {
  const held: string[] = [];
  const simulator: Simulator = await ebp.simulator({
    beforeLookupAnswer: async (orderNo) => {
      held.push(orderNo);
      if (held.length === 1) await cancel(simulator, orderNo, "1");
    },
  });
  expect(await statusOf(simulator, "SIM-CAPTURED-2")).toBe("CAPTURED");
  expect(await statusOf(simulator, "SIM-CAPTURED-2")).toBe("REFUND_REQUESTED");
  expect(held).toEqual(["SIM-CAPTURED-2", "SIM-CAPTURED-2"]);
});

test("the ledger keeps lookups apart from requests that can move money", async () => {
  const lines: string[] = [];
  const simulator = await ebp.simulator({ log: (line) => lines.push(line) });
  await lookUp(simulator, "SIM-CAPTURED-1");
  await lookUp(simulator, "ORD-1");
  const { ledger } = simulator;
  expect(ledger.lookups().map(({ orderNo, outcome }) => [orderNo, outcome])).toEqual([
    ["SIM-CAPTURED-1", "0"],
    ["ORD-1", "EBP-C-0005"],
  ]);
  expect(ledger.lookups("ORD-1")).toMatchObject([{ storeId: "SIM-KR", body: '{"orderNo":"ORD-1"}' }]);
  expect(Object.keys(ledger.lookups()[0]?.headers ?? {})).not.toContain("x-access-key");
  expect([ledger.totalReceived, ledger.received(), ledger.effects()]).toEqual([0, [], []]);
  expect(ledger.maxInFlight("SIM-CAPTURED-1")).toBe(0);
  expect(lines).toEqual([
    "POST /api/v2/payment/detail SIM-CAPTURED-1 → 0",
    "POST /api/v2/payment/detail ORD-1 → EBP-C-0005",
  ]);
});

test("the served ledger shows lookups and payments", async () => {
  const simulator = await ebp.simulator();
  await cancel(simulator, "SIM-CAPTURED-12.50", "4");
  await cancel(simulator, "ORD-1", "4");
  await lookUp(simulator, "SIM-CAPTURED-12.50");
  expect(JSON.parse(await servedLedger(simulator, "SIM-CAPTURED-12.50"))).toMatchObject({
    totalReceived: 2,
    lookups: [{ orderNo: "SIM-CAPTURED-12.50", outcome: "0" }],
    payments: [{ total: "12.5", captured: true, cancelled: "4", paymentStatus: "REFUND_REQUESTED" }],
  });
  expect(JSON.parse(await servedLedger(simulator))).toMatchObject({
    lookups: [{}],
    payments: [{}, { orderNo: "ORD-1", total: null }],
  });
});
