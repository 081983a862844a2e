import { describe, expect, test } from "@jest/globals";
import { request as send } from "undici";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import type { Language } from "../../src/cancellation/model/payment-gateway.js";
import { cancelBody, cancelUrl, detailUrl, requestHeaders } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { WHOLLY_CANCELLED_STATUS } from "../../simulator/payments.js";
import type { Simulator } from "../../simulator/simulator.js";
import { cancelItem, cancelRequest } from "../helpers/examples.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();
const OTHER_STORE = { ...DEVELOPMENT_STORE, storeId: "SIM-OTHER" };

interface Answer {
  readonly status: number;
  readonly type: unknown;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

interface Changes {
  readonly headers?: Readonly<Record<string, string>>;
  readonly store?: typeof DEVELOPMENT_STORE;
  readonly language?: Language;
}

async function post(url: URL, json: string, { headers, store, language }: Changes = {}): Promise<Answer> {
  const body = Buffer.from(json);
  const signed = requestHeaders({ ...DEVELOPMENT_STORE, ...store, baseUrl: "" }, body, language ?? "en");
  const response = await send(url, { method: "POST", headers: { ...signed, ...headers }, body });
  const text = await response.body.text();
  const type = response.headers["content-type"];
  const document: unknown = type === "text/html" ? {} : JSON.parse(text);
  return { status: response.statusCode, type, text, body: document as Record<string, unknown> };
}

function lookUp({ url }: Simulator, orderNo: string, changes?: Changes): Promise<Answer> {
  return post(detailUrl(url), JSON.stringify({ orderNo }), changes);
}

function cancel({ url }: Simulator, orderNo: string, amount: number): Promise<Answer> {
  const items = [cancelItem({ amount: new Decimal(amount) })];
  return post(cancelUrl(url), cancelBody(cancelRequest({ orderNo, items })));
}

async function statusOf(simulator: Simulator, orderNo: string): Promise<unknown> {
  const { body } = await lookUp(simulator, orderNo);
  return (body["data"] as Record<string, unknown>)["paymentStatus"];
}

test("answers with the named fields of a payment, and with a cancel's id once there is one", async () => {
  const simulator = await ebp.simulator();
  const before = await lookUp(simulator, "SIM-CAPTURED-1000");
  const data = {
    orderNo: "SIM-CAPTURED-1000",
    storeRequestNo: expect.stringMatching(/^STOREREQ\d+$/u),
    pgTransactionId: expect.stringMatching(/^PG\d+$/u),
    buyerName: "Simulated Buyer",
    paymentStatus: "CAPTURED",
  };
  expect(before.status).toBe(200);
  expect(before.body).toEqual({
    resultCode: "0",
    message: "SUCCESS",
    requestId: expect.stringMatching(/^\d{13}$/u),
    timestamp: expect.any(String),
    data,
  });
  await cancel(simulator, "SIM-CAPTURED-1000", 1);
  const after = await lookUp(simulator, "SIM-CAPTURED-1000");
  expect(after.body["data"]).toEqual({
    ...(before.body["data"] as object),
    pgCancelTransactionId: expect.stringMatching(/^PGCANCEL\d+$/u),
    paymentStatus: "REFUND_REQUESTED",
  });
});

describe("the status of a payment", () => {
  test("is CAPTURED, then REFUND_REQUESTED, then CANCELED when it is captured", async () => {
    const simulator = await ebp.simulator();
    const orderNo = "SIM-CAPTURED-1000";
    expect(await statusOf(simulator, orderNo)).toBe("CAPTURED");
    await cancel(simulator, orderNo, 400);
    expect(await statusOf(simulator, orderNo)).toBe("REFUND_REQUESTED");
    await cancel(simulator, orderNo, 600);
    expect(await statusOf(simulator, orderNo)).toBe(WHOLLY_CANCELLED_STATUS);
    expect(WHOLLY_CANCELLED_STATUS).toBe("CANCELED");
  });

  test("is APPROVED, then CANCELED when it is not", async () => {
    const simulator = await ebp.simulator();
    const orderNo = "SIM-UNCAPTURED-1000";
    expect(await statusOf(simulator, orderNo)).toBe("APPROVED");
    await cancel(simulator, orderNo, 999);
    expect(await statusOf(simulator, orderNo)).toBe("APPROVED");
    await cancel(simulator, orderNo, 1000);
    expect(await statusOf(simulator, orderNo)).toBe(WHOLLY_CANCELLED_STATUS);
  });

  test("is never CANCELED when its total is not known", async () => {
    const simulator = await ebp.simulator();
    await cancel(simulator, "ORD-1", 1000);
    expect(await statusOf(simulator, "ORD-1")).toBe("REFUND_REQUESTED");
  });

  test("is CAPTURED after a cancel that had no effect", async () => {
    const simulator = await ebp.simulator();
    await cancel(simulator, "SIM-GATEWAY-ERROR-1", 1000);
    expect(await statusOf(simulator, "SIM-GATEWAY-ERROR-1")).toBe("CAPTURED");
  });
});

describe("an order that is not known", () => {
  test("is refused as such, and not called free of cancels", async () => {
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
    await cancel(simulator, "ORD-1", 1000);
    expect(await lookUp(simulator, "ORD-1", { store: OTHER_STORE })).toMatchObject(refused);
    expect(await lookUp(simulator, "ORD-1")).toMatchObject({ status: 200 });
  });

  test("is refused in the caller's language", async () => {
    const { body } = await lookUp(await ebp.simulator(), "ORD-1", { language: "ko" });
    expect(body).toMatchObject({ resultCode: "EBP-C-0005", message: "주문을 찾을 수 없습니다" });
  });
});

test.each([
  ["EBP-C-0006", "{"],
  ["EBP-C-0007", "{}"],
  ["EBP-C-0007", '{"orderNo":""}'],
  ["EBP-C-0007", '{"orderNo":1}'],
])("refuses with %s a lookup of the form %s", async (resultCode, json) => {
  const { url } = await ebp.simulator();
  expect(await post(detailUrl(url), json)).toMatchObject({ status: 400, body: { resultCode } });
});

test("checks the headers and the signature of a lookup", async () => {
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

describe("a lookup that goes wrong", () => {
  test("is answered EBP-Z-0010 for an order SIM-LOOKUP-ERROR", async () => {
    const simulator = await ebp.simulator();
    expect(await lookUp(simulator, "SIM-LOOKUP-ERROR-1")).toMatchObject({
      status: 500,
      body: { resultCode: "EBP-Z-0010" },
    });
    expect(simulator.ledger.lookups()).toMatchObject([{ outcome: "EBP-Z-0010" }]);
  });

  test("is answered with a page for an order SIM-LOOKUP-HTML", async () => {
    const simulator = await ebp.simulator();
    expect(await lookUp(simulator, "SIM-LOOKUP-HTML-1")).toMatchObject({
      status: 502,
      type: "text/html",
      text: expect.stringContaining("<html>"),
    });
    expect(simulator.ledger.lookups()).toMatchObject([{ outcome: "html" }]);
  });
});

test("holds an answer back as asked, though it be out of date by then", async () => {
  const held: string[] = [];
  const simulator: Simulator = await ebp.simulator({
    beforeLookupAnswer: async (orderNo) => {
      held.push(orderNo);
      if (held.length === 1) await cancel(simulator, orderNo, 1);
    },
  });
  expect(await statusOf(simulator, "SIM-CAPTURED-2")).toBe("CAPTURED");
  expect(await statusOf(simulator, "SIM-CAPTURED-2")).toBe("REFUND_REQUESTED");
  expect(held).toEqual(["SIM-CAPTURED-2", "SIM-CAPTURED-2"]);
});

describe("the ledger", () => {
  test("keeps lookups apart from what can move money", async () => {
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

  test("is served with its lookups and payments", async () => {
    const simulator = await ebp.simulator();
    await cancel(simulator, "SIM-CAPTURED-12.50", 4);
    await cancel(simulator, "ORD-1", 4);
    await lookUp(simulator, "SIM-CAPTURED-12.50");
    const served = await (await send(`${simulator.url}/ledger?orderNo=SIM-CAPTURED-12.50`)).body.json();
    expect(served).toMatchObject({
      totalReceived: 2,
      lookups: [{ orderNo: "SIM-CAPTURED-12.50", outcome: "0" }],
      payments: [{ total: "12.5", captured: true, cancelled: "4", paymentStatus: "REFUND_REQUESTED" }],
    });
    const whole = await (await send(`${simulator.url}/ledger`)).body.json();
    expect(whole).toMatchObject({ lookups: [{}], payments: [{}, { orderNo: "ORD-1", total: null }] });
  });
});
