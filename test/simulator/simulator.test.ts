import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { request as send } from "undici";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { cancelBody, requestHeaders } from "../../src/ebp/ebp-request.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import { startSimulator } from "../../simulator/simulator.js";
import { cancelItem, cancelRequest, published, publishedRequest } from "../helpers/examples.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();
const PATH = "/api/v2/payment/cancel";

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Posts a body, rightly signed unless headers are changed; null takes a header out. */
async function post(
  url: string,
  text: string,
  changes: Readonly<Record<string, string | null>> = {},
  store = DEVELOPMENT_STORE,
): Promise<Answer> {
  const body = Buffer.from(text, "utf8");
  const headers: Record<string, string | null> = {
    ...requestHeaders({ ...store, baseUrl: url }, body, "en"),
    ...changes,
  };
  const present = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null);
  const response = await send(`${url}${PATH}`, {
    method: "POST",
    headers: Object.fromEntries(present),
    body,
  });
  return { status: response.statusCode, body: (await response.body.json()) as Record<string, unknown> };
}

const VALID = cancelBody(cancelRequest());

describe("refuses with EBP-A-0001 a request whose", () => {
  test.each([
    "Content-Type",
    "Accept",
    "X-Store-Id",
    "X-Access-Key",
    "X-EBP-Signature",
    "X-Division-Code",
    "X-Channel-Code",
    "X-Ric-Code",
    "X-Country-Code",
    "X-Currency-Code",
  ])("%s is missing or wrong", async (header) => {
    const simulator = await ebp.simulator();
    const missing = await post(simulator.url, VALID, { [header]: null });
    expect(missing).toMatchObject({
      status: 400,
      body: { resultCode: "EBP-A-0001", message: "Missing Mandatory Headers" },
    });
    expect(missing.body["errors"]).toContainEqual({ header, message: "Missing Mandatory Header" });
    const wrong = await post(simulator.url, VALID, { [header]: "wrong" });
    expect(wrong).toMatchObject({ status: 400, body: { resultCode: "EBP-A-0001" } });
    expect(wrong.body["errors"]).toContainEqual({ header, message: "Invalid Header Value" });
    expect(simulator.ledger.effects()).toEqual([]);
  });

  test("signature is of other bytes with the same meaning", async () => {
    const simulator = await ebp.simulator();
    const { "X-EBP-Signature": signature = "" } = requestHeaders(
      { ...DEVELOPMENT_STORE, baseUrl: "" },
      Buffer.from(VALID),
      "en",
    );
    const answer = await post(simulator.url, ` ${VALID}`, { "X-EBP-Signature": signature });
    expect(answer.body).toMatchObject({
      resultCode: "EBP-A-0001",
      errors: [{ header: "X-EBP-Signature", message: "Invalid Header Value" }],
    });
  });
});

test("names every missing header at once", async () => {
  const simulator = await ebp.simulator();
  const answer = await post(simulator.url, VALID, { "X-Store-Id": null, "X-Country-Code": null });
  const example = JSON.parse(published("error-missing-headers.v0.5.21")) as { errors: object[] };
  expect(answer.body).toMatchObject({ resultCode: "EBP-A-0001", message: "Missing Mandatory Headers" });
  expect(answer.body["errors"]).toEqual(expect.arrayContaining(example.errors));
});

test.each(["", "{", '{"orderNo":}', `${VALID} x`])("refuses a body that is not JSON: %j", async (text) => {
  const simulator = await ebp.simulator();
  expect(await post(simulator.url, text)).toMatchObject({ status: 400, body: { resultCode: "EBP-C-0006" } });
});

test.each([
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
])("refuses a body whose %s does not match the schema", async (field, text) => {
  const simulator = await ebp.simulator();
  expect(await post(simulator.url, text)).toMatchObject({
    status: 400,
    body: { resultCode: "EBP-C-0007", errors: [{ field }] },
  });
  expect(simulator.ledger.effects()).toEqual([]);
});

test("refuses a total that does not follow from the items under the store's one basis", async () => {
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
  expect(await post(simulator.url, body(100_000))).toMatchObject(accepted);
  expect(await post(simulator.url, body(50_000))).toMatchObject(refused);
  expect(await post(simulator.url, body(50_000), {}, lineStore)).toMatchObject(accepted);
  expect(await post(simulator.url, body(100_000), {}, lineStore)).toMatchObject(refused);
});

test("confirms the published whole-order cancel as published", async () => {
  const simulator = await ebp.simulator();
  const answer = await post(simulator.url, cancelBody(publishedRequest("order-unit", "SIM-KR")));
  const example = JSON.parse(published("order-unit.response")) as Answer["body"];
  const returnRequestId = expect.stringMatching(/^RETREQ\d{19,}$/u);
  expect(Object.keys(answer.body)).toEqual(Object.keys(example));
  expect(answer.body).toEqual({
    ...example,
    requestId: expect.stringMatching(/^\d{13}$/u),
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/u),
    data: { ...(example["data"] as object), returnRequestId },
  });
});

test("puts products and delivery apart", async () => {
  const simulator = await ebp.simulator();
  const items = [
    cancelItem({ seq: 1, quantity: 2, taxAmount: new Decimal("0.1") }),
    cancelItem({ seq: 2, itemType: "DELIVERY", amount: new Decimal(3_000), taxAmount: new Decimal(300) }),
    cancelItem({ seq: 3, itemType: "SERVICE", amount: new Decimal(5), taxAmount: null }),
  ];
  const answer = await post(simulator.url, cancelBody(cancelRequest({ items })));
  expect(answer.body["data"]).toMatchObject({
    totalProductAmount: 2_005,
    totalProductTaxAmount: 0.2,
    totalDeliveryAmount: 3_000,
    totalDeliveryTaxAmount: 300,
    processedCount: 3,
  });
});

test("gives every cancel its own ids and never echoes the refund account", async () => {
  const simulator = await ebp.simulator();
  const body = cancelBody(publishedRequest("amount-unit", "SIM-KR"));
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(simulator.url, body)));
  const ids = answers.flatMap(({ body: { requestId, data } }) => [
    requestId,
    (data as Record<string, unknown>)["returnRequestId"],
  ]);
  expect(new Set(ids).size).toBe(40);
  expect(JSON.stringify(answers)).not.toMatch(/1234567890|John/u);
});

test("words its errors in the caller's language", async () => {
  const simulator = await ebp.simulator();
  const { body } = await post(simulator.url, "{", { "X-System-Language": "ko" });
  expect(body).toMatchObject({ resultCode: "EBP-C-0006", message: "요청 형식이 올바르지 않습니다" });
});

test("cancels at one path and with one method", async () => {
  const simulator = await ebp.simulator();
  const elsewhere = await send(`${simulator.url}/api/v2/payment/approve`, { method: "POST", body: VALID });
  const otherwise = await send(`${simulator.url}${PATH}`, { method: "PUT", body: VALID });
  expect([elsewhere.statusCode, otherwise.statusCode]).toEqual([404, 405]);
  expect(await elsewhere.body.json()).toMatchObject({ resultCode: "EBP-Z-0002" });
  expect(await otherwise.body.json()).toMatchObject({ resultCode: "EBP-Z-0002" });
  expect(simulator.ledger.effects()).toEqual([]);
});

test("does not start in production", async () => {
  const options = { stores: [DEVELOPMENT_STORE], environment: "production" };
  await expect(startSimulator(options)).rejects.toThrow("it would confirm cancels that never happened");
});

test("logs one line per request, and nothing of a body", async () => {
  const lines: string[] = [];
  const simulator = await ebp.simulator({ log: (line) => lines.push(line) });
  await post(simulator.url, cancelBody(publishedRequest("amount-unit", "SIM-KR")));
  expect(lines).toEqual(["POST /api/v2/payment/cancel ORD20251224001 → 0"]);
});

describe("the ledger", () => {
  test("holds what was received, without secrets in the headers, and what took effect", async () => {
    const at = new Date("2025-12-24T01:02:03.004Z");
    const simulator = await ebp.simulator({ now: () => at });
    await post(simulator.url, VALID);
    await post(simulator.url, VALID, { "X-Access-Key": "wrong" });
    await post(simulator.url, "{}");
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
    const [entry] = simulator.ledger.received();
    expect(entry?.headers).toMatchObject({ "x-store-id": "SIM-KR" });
    expect(Object.keys(entry?.headers ?? {})).not.toEqual(expect.arrayContaining(["x-access-key"]));
    expect(Object.keys(entry?.headers ?? {})).not.toEqual(expect.arrayContaining(["x-ebp-signature"]));
  });

  test("tells a cancel repeated byte for byte from another of the same order", async () => {
    const simulator = await ebp.simulator();
    await post(simulator.url, VALID);
    await post(simulator.url, cancelBody(cancelRequest({ items: [cancelItem({ seq: 2 })] })));
    expect(simulator.ledger.doubleCancels()).toEqual([]);
    await post(simulator.url, VALID);
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
    await Promise.all([post(simulator.url, VALID), post(simulator.url, VALID), post(simulator.url, VALID)]);
    await post(simulator.url, VALID);
    expect(simulator.ledger.maxInFlight("ORD-1")).toBe(3);
    expect(simulator.ledger.maxInFlight("ORD-2")).toBe(0);
  });

  test("is served to other processes without refund accounts", async () => {
    const simulator = await ebp.simulator();
    await post(simulator.url, cancelBody(publishedRequest("amount-unit", "SIM-KR")));
    await post(simulator.url, VALID);
    const served = await (await send(`${simulator.url}/ledger?orderNo=ORD20251224001`)).body.text();
    expect(served).not.toMatch(/1234567890|John|access-key/u);
    expect(JSON.parse(served)).toMatchObject({
      totalReceived: 2,
      received: [{ orderNo: "ORD20251224001", outcome: "0" }],
      effects: [{ total: "2000", items: [{ amount: "2000", taxAmount: "0" }] }],
      doubleCancels: [],
      maxInFlight: 1,
    });
    const whole = await (await send(`${simulator.url}/ledger`)).body.json();
    expect(whole).toMatchObject({ received: [{}, {}], effects: [{}, {}] });
  });
});
