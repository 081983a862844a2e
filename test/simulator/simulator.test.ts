import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { request as send } from "undici";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { cancelBody, cancelUrl, requestHeaders } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { FORCED_BEHAVIOURS, forcedBehaviour } from "../../simulator/order-numbers.js";
import { startSimulator, type Simulator } from "../../simulator/simulator.js";
import { cancelItem, cancelRequest, published, publishedRequest } from "../helpers/examples.js";
import { post, servedLedger, type RequestChanges, type SimulatorAnswer } from "../helpers/simulator.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();
const VALID = cancelBody(cancelRequest());
/** With a refund account. */
const PUBLISHED = cancelBody(publishedRequest("amount-unit", "SIM-KR"));

function cancel({ url }: Simulator, body: string, changes?: RequestChanges): Promise<SimulatorAnswer> {
  return post(cancelUrl(url), body, changes);
}

describe("a cancel is refused with EBP-A-0001 when", () => {
  test("a header is missing or wrong", async () => {
    const simulator = await ebp.simulator();
    for (const header of [
      ...["Content-Type", "Accept", "X-Store-Id", "X-Access-Key", "X-EBP-Signature", "X-Division-Code"],
      ...["X-Channel-Code", "X-Ric-Code", "X-Country-Code", "X-Currency-Code"],
    ])
      for (const [value, message] of [
        [null, "Missing Mandatory Header"],
        ["wrong", "Invalid Header Value"],
      ] as const) {
        const answer = await cancel(simulator, VALID, { headers: { [header]: value } });
        expect(answer).toMatchObject({
          status: 400,
          body: { resultCode: "EBP-A-0001", message: "Missing Mandatory Headers" },
        });
        expect(answer.body.errors).toContainEqual({ header, message });
      }
    expect(simulator.ledger.effects()).toEqual([]);
  });

  test("several headers are missing, and names each", async () => {
    const headers = { "X-Store-Id": null, "X-Country-Code": null };
    const answer = await cancel(await ebp.simulator(), VALID, { headers });
    const example = JSON.parse(published("error-missing-headers.v0.5.21")) as { errors: object[] };
    expect(answer.body.errors).toEqual(expect.arrayContaining(example.errors));
  });

  test("the signature belongs to other bytes of the same meaning", async () => {
    const store = { ...DEVELOPMENT_STORE, baseUrl: "" };
    const { "X-EBP-Signature": signature = "" } = requestHeaders(store, Buffer.from(VALID), "en");
    const headers = { "X-EBP-Signature": signature };
    expect((await cancel(await ebp.simulator(), ` ${VALID}`, { headers })).body).toMatchObject({
      resultCode: "EBP-A-0001",
      errors: [{ header: "X-EBP-Signature", message: "Invalid Header Value" }],
    });
  });
});

test("a body that is not JSON is refused", async () => {
  const simulator = await ebp.simulator();
  for (const text of ["", "{", '{"orderNo":}', `${VALID} x`])
    expect(await cancel(simulator, text)).toMatchObject({ status: 400, body: { resultCode: "EBP-C-0006" } });
  const korean = await cancel(simulator, "{", { headers: { "X-System-Language": "ko" } });
  expect(korean.body).toMatchObject({ resultCode: "EBP-C-0006", message: "요청 형식이 올바르지 않습니다" });
});

test("a body that does not match the schema is refused, with the field's name", async () => {
  const simulator = await ebp.simulator();
  for (const [field, text] of [
    ["body", "[]"],
    ["orderNo", VALID.replace('"ORD-1"', "1")],
    ["totalCancelAmount", VALID.replace('"totalCancelAmount":1000', '"totalCancelAmount":"1000"')],
    ["items", '{"orderNo":"O","totalCancelAmount":0,"items":[]}'],
    ["items[0].seq", VALID.replace('"seq":1', '"seq":1.5')],
    ["items[0].itemType", VALID.replace("PHYSICAL", "GOODS")],
    ["items[0].itemId", VALID.replace('"P001"', '""')],
    ["items[0].quantity", VALID.replace('"quantity":1', '"quantity":0')],
    ["items[0].amount", VALID.replace('"amount":1000', '"amount":null')],
    ["items[0].taxAmount", VALID.replace('"amount":1000', '"amount":1000,"taxAmount":"0"')],
    ["refundAccount", VALID.replace('"items"', '"refundAccount":[],"items"')],
    [
      "refundAccount.accountNumber",
      VALID.replace('"items"', '"refundAccount":{"accountNumber":1234567890},"items"'),
    ],
  ] as const)
    expect(await cancel(simulator, text)).toMatchObject({
      status: 400,
      body: { resultCode: "EBP-C-0007", errors: [{ field }] },
    });
  expect(simulator.ledger.effects()).toEqual([]);
});

test("a total must follow from the items under the store's one basis", async () => {
  const lineStore = { ...DEVELOPMENT_STORE, storeId: "SIM-LINE", amountBasis: "line" as const };
  const simulator = await ebp.simulator({ stores: [DEVELOPMENT_STORE, lineStore] });
  const items = [cancelItem({ quantity: 2, amount: new Decimal(50_000) })];
  const body = (total: number): string =>
    cancelBody(cancelRequest({ items, totalCancelAmount: new Decimal(total) }));
  const refused = {
    status: 400,
    body: { resultCode: "EBP-C-0004", errors: [{ field: "totalCancelAmount" }] },
  };
  const accepted = { status: 200, body: { resultCode: "0" } };
  expect(await cancel(simulator, body(100_000))).toMatchObject(accepted);
  expect(await cancel(simulator, body(50_000))).toMatchObject(refused);
  expect(await cancel(simulator, body(50_000), { store: lineStore })).toMatchObject(accepted);
  expect(await cancel(simulator, body(100_000), { store: lineStore })).toMatchObject(refused);
});

test("the published cancel of a whole order is confirmed as published", async () => {
  const answer = await cancel(await ebp.simulator(), cancelBody(publishedRequest("order-unit", "SIM-KR")));
  const example = JSON.parse(published("order-unit.response")) as { data: object };
  expect(Object.keys(answer.body)).toEqual(Object.keys(example));
  expect(answer.body).toEqual({
    ...example,
    requestId: expect.stringMatching(/^\d{13}$/u),
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/u),
    data: { ...example.data, returnRequestId: expect.stringMatching(/^RETREQ\d{19,}$/u) },
  });
});

test("a confirmation has separate totals for products and for delivery", async () => {
  const items = [
    cancelItem({ seq: 1, quantity: 2, taxAmount: new Decimal("0.1") }),
    cancelItem({ seq: 2, itemType: "DELIVERY", amount: new Decimal(3_000), taxAmount: new Decimal(300) }),
    cancelItem({ seq: 3, itemType: "SERVICE", amount: new Decimal(5), taxAmount: null }),
  ];
  const answer = await cancel(await ebp.simulator(), cancelBody(cancelRequest({ items })));
  expect(answer.body.data).toMatchObject({
    totalProductAmount: 2_005,
    totalProductTaxAmount: 0.2,
    totalDeliveryAmount: 3_000,
    totalDeliveryTaxAmount: 300,
    processedCount: 3,
  });
});

test("every cancel gets its own ids, and no answer repeats the refund account", async () => {
  const simulator = await ebp.simulator();
  const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(simulator, PUBLISHED)));
  const ids = answers.flatMap(({ body: { requestId, data } }) => [requestId, data.returnRequestId]);
  expect(new Set(ids).size).toBe(40);
  expect(JSON.stringify(answers)).not.toMatch(/1234567890|John/u);
});

test("only one path and one method cancel", async () => {
  const simulator = await ebp.simulator();
  const elsewhere = await send(`${simulator.url}/api/v2/payment/approve`, { method: "POST", body: VALID });
  const otherwise = await send(cancelUrl(simulator.url), { method: "PUT", body: VALID });
  expect([elsewhere.statusCode, otherwise.statusCode]).toEqual([404, 405]);
  for (const { body } of [elsewhere, otherwise])
    expect(await body.json()).toMatchObject({ resultCode: "EBP-Z-0002" });
  expect(simulator.ledger.effects()).toEqual([]);
});

test("the simulator does not start in production", async () => {
  const options = { stores: [DEVELOPMENT_STORE], environment: "production" };
  await expect(startSimulator(options)).rejects.toThrow("it would confirm cancels that never happened");
});

test("the log has one line per request, and nothing of a body", async () => {
  const lines: string[] = [];
  await cancel(await ebp.simulator({ log: (line) => lines.push(line) }), PUBLISHED);
  expect(lines).toEqual(["POST /api/v2/payment/cancel ORD20251224001 → 0"]);
});

describe("the ledger", () => {
  test("holds what was received, without secrets in the headers, and what took effect", async () => {
    const at = new Date("2025-12-24T01:02:03.004Z");
    const simulator = await ebp.simulator({ now: () => at });
    await cancel(simulator, VALID);
    await cancel(simulator, VALID, { headers: { "X-Access-Key": "wrong" } });
    await cancel(simulator, "{}");
    const bodyHash = createHash("sha256").update(VALID).digest("hex");
    const common = { storeId: "SIM-KR", orderNo: "ORD-1", bodyHash, body: VALID, at };
    expect(simulator.ledger.totalReceived).toBe(3);
    expect(simulator.ledger.received("ORD-1")).toMatchObject([
      { ...common, outcome: "0" },
      { ...common, outcome: "EBP-A-0001" },
    ]);
    expect(simulator.ledger.received()).toHaveLength(3);
    expect(simulator.ledger.effects("ORD-1")).toEqual([
      {
        storeId: "SIM-KR",
        orderNo: "ORD-1",
        bodyHash,
        total: new Decimal(1000),
        items: [cancelItem()],
        returnRequestId: "RETREQ2025122403723004001",
        at,
      },
    ]);
    const headers = simulator.ledger.received()[0]?.headers ?? {};
    expect(headers).toMatchObject({ "x-store-id": "SIM-KR" });
    for (const secret of ["x-access-key", "x-ebp-signature"])
      expect(Object.keys(headers)).not.toContain(secret);
  });

  test("tells a cancel repeated byte for byte from another one of the same order", async () => {
    const simulator = await ebp.simulator();
    await cancel(simulator, VALID);
    await cancel(simulator, cancelBody(cancelRequest({ items: [cancelItem({ seq: 2 })] })));
    expect(simulator.ledger.doubleCancels()).toEqual([]);
    await cancel(simulator, VALID);
    expect(simulator.ledger.doubleCancels()).toHaveLength(1);
    expect(simulator.ledger.effects("ORD-1")).toHaveLength(3);
  });

  test("counts the most requests of one order that were open at once", async () => {
    let open = 0;
    let release: () => void = () => undefined;
    const allOpen = new Promise<void>((resolve) => (release = resolve));
    const simulator = await ebp.simulator({
      beforeAnswer: async () => {
        if ((open += 1) === 3) release();
        await allOpen;
      },
    });
    await Promise.all([1, 2, 3].map(() => cancel(simulator, VALID)));
    await cancel(simulator, VALID);
    expect(simulator.ledger.maxInFlight("ORD-1")).toBe(3);
    expect(simulator.ledger.maxInFlight("ORD-2")).toBe(0);
  });

  test("is served without refund accounts", async () => {
    const simulator = await ebp.simulator();
    await cancel(simulator, PUBLISHED);
    await cancel(simulator, VALID);
    const served = await servedLedger(simulator, "ORD20251224001");
    expect(served).not.toMatch(/1234567890|John|access-key/u);
    expect(JSON.parse(served)).toMatchObject({
      totalReceived: 2,
      received: [{ orderNo: "ORD20251224001", outcome: "0" }],
      effects: [{ total: "2000", items: [{ amount: "2000", taxAmount: "0" }] }],
      doubleCancels: [],
      maxInFlight: 1,
    });
    expect(JSON.parse(await servedLedger(simulator))).toMatchObject({
      received: [{}, {}],
      effects: [{}, {}],
    });
  });
});

/** For orders that are never answered. */
const SHORT_MS = 100;

test.each(FORCED_BEHAVIOURS)("$prefix $does", async ({ prefix, effect, outcome: expected, answer }) => {
  const simulator = await ebp.simulator({ slowMs: 1 });
  const client = ebp.client(simulator.url, answer.kind === "silence" ? { timeoutMs: SHORT_MS } : {});
  const orderNo = `${prefix}-42`;
  const { outcome } = await client.cancel(cancelRequest({ orderNo }), "en");
  expect(outcome.kind).toBe(expected);
  simulator.landLateEffects();
  expect(simulator.ledger.received(orderNo)).toHaveLength(1);
  expect(simulator.ledger.effects(orderNo)).toHaveLength(effect ? 1 : 0);
});

test("a slow order is answered later than the caller waits", async () => {
  const simulator = await ebp.simulator({ slowMs: 60_000 });
  const client = ebp.client(simulator.url, { timeoutMs: SHORT_MS });
  const { outcome } = await client.cancel(cancelRequest({ orderNo: "SIM-SLOW-1" }), "en");
  expect(outcome.kind).toBe("unknown");
  expect(simulator.ledger.effects("SIM-SLOW-1")).toHaveLength(1);
});

test("every prefix reaches its own row, and other order numbers reach none", () => {
  for (const row of FORCED_BEHAVIOURS) expect(forcedBehaviour(`${row.prefix}-1`)).toBe(row);
  for (const orderNo of ["ORD-SIM-HTML", "SIM-KR-1", "SIM-CAPTURED-1000"])
    expect(forcedBehaviour(orderNo)).toBeNull();
});
