import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { isLosslessNumber, parse } from "lossless-json";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import { DEVELOPMENT_STORE } from "../../simulator/development-store.js";
import {
  cancelItem,
  cancelRequest,
  published,
  PUBLISHED_CANCELS,
  publishedRequest,
} from "../helpers/examples.js";
import { signRequest } from "../../src/ebp/signatures.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();
const { storeId } = DEVELOPMENT_STORE;

/** The document with numbers by value (2000.0 is 2000) and objects as lists, so that the order of keys counts. */
function comparable(value: unknown): unknown {
  if (isLosslessNumber(value)) return `number ${new Decimal(value.toString()).toFixed()}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, field]) => [key, comparable(field)]);
}

async function sent(request = cancelRequest(), language: "en" | "ko" = "en", path = "") {
  const upstream = await ebp.upstream((_request, socket) => socket.end(httpAnswer(502, "")));
  await ebp.client(upstream.url + path).cancel(request, language);
  const [received] = upstream.requests;
  if (received === undefined) throw new Error("nothing reached the upstream");
  return received;
}

describe.each(PUBLISHED_CANCELS)("the published %s cancel", (name) => {
  test("reaches EBP with the fields, values and order of the example", async () => {
    const { body } = await sent(publishedRequest(name, storeId));
    expect(comparable(parse(body.toString("utf8")))).toEqual(comparable(parse(published(`${name}.request`))));
  });

  test("comes back as the confirmation the example shows", async () => {
    const response = published(`${name}.response`);
    const outcome = await ebp.outcomeOf(httpAnswer(200, response), publishedRequest(name, storeId));
    const { data, requestId, timestamp } = JSON.parse(response) as {
      data: Record<string, number | string> & { items: Record<string, number | string>[] };
      requestId: string;
      timestamp: string;
    };
    const decimal = (value: number | string | undefined) => new Decimal(value ?? Number.NaN);
    expect(outcome).toEqual({
      kind: "accepted",
      confirmation: {
        returnRequestId: data["returnRequestId"],
        processedCount: data["processedCount"],
        totalProductAmount: decimal(data["totalProductAmount"]),
        totalProductTaxAmount: decimal(data["totalProductTaxAmount"]),
        totalDeliveryAmount: decimal(data["totalDeliveryAmount"]),
        totalDeliveryTaxAmount: decimal(data["totalDeliveryTaxAmount"]),
        items: data.items.map((item) => ({
          ...item,
          amount: decimal(item["amount"]),
          taxAmount: decimal(item["taxAmount"]),
        })),
      },
      evidence: {
        basis: 'EBP accepted the cancel: result code "0".',
        httpStatus: 200,
        resultCode: "0",
        requestId,
        timestamp,
        digest: null,
        rawAnswer: response,
      },
    });
  });
});

test("carries every documented header, and the length and signature of the very bytes sent", async () => {
  const request = cancelRequest({
    refundAccount: { accountNumber: "0012345678", bankCode: "001", accountHolderName: "홍길동" },
  });
  const { requestLine, headers, body } = await sent(request);
  expect(requestLine).toBe("POST /api/v2/payment/cancel HTTP/1.1");
  expect(headers).toEqual({
    host: expect.any(String),
    connection: "keep-alive",
    "content-type": "application/json; charset=utf-8",
    "content-length": String(body.byteLength),
    accept: "application/json",
    "accept-language": "en-US",
    "time-zone": "UTC",
    "x-system-language": "en",
    "x-language-code": "en",
    "x-access-key": DEVELOPMENT_STORE.accessKey,
    "x-ebp-signature": createHash("sha256").update(body).update(DEVELOPMENT_STORE.hashKey).digest("hex"),
    "x-division-code": DEVELOPMENT_STORE.divisionCode,
    "x-store-id": DEVELOPMENT_STORE.storeId,
    "x-channel-code": DEVELOPMENT_STORE.channelCode,
    "x-ric-code": DEVELOPMENT_STORE.ricCode,
    "x-country-code": DEVELOPMENT_STORE.countryCode,
    "x-currency-code": DEVELOPMENT_STORE.currencyCode,
  });
});

test("asks for Korean messages when the caller reads Korean", async () => {
  const { headers } = await sent(cancelRequest(), "ko");
  expect(headers).toMatchObject({
    "accept-language": "ko-KR",
    "x-system-language": "ko",
    "x-language-code": "ko",
  });
});

test("keeps the path of a base URL, with or without a slash at its end", async () => {
  const { requestLine } = await sent(cancelRequest(), "en", "/ebp/");
  expect(requestLine).toBe("POST /ebp/api/v2/payment/cancel HTTP/1.1");
});

test("writes amounts digit for digit, never with an exponent, and the account number as a string", async () => {
  const { body } = await sent(
    cancelRequest({
      totalCancelAmount: new Decimal("123456789012345.6789"),
      refundAccount: { accountNumber: "0000123", bankCode: null, accountHolderName: null },
      items: [cancelItem({ amount: new Decimal("0.0000001"), taxAmount: new Decimal("1e21") })],
    }),
  );
  expect(body.toString("utf8")).toBe(
    '{"orderNo":"ORD-1","totalCancelAmount":123456789012345.6789,"refundAccount":{"accountNumber":"0000123"},' +
      '"items":[{"seq":1,"itemType":"PHYSICAL","itemId":"P001","quantity":1,"amount":0.0000001,' +
      '"taxAmount":1000000000000000000000}]}',
  );
});

test("leaves out what is not given", async () => {
  const { body } = await sent(cancelRequest());
  expect(Object.keys(JSON.parse(body.toString("utf8")) as object)).toEqual([
    "orderNo",
    "totalCancelAmount",
    "items",
  ]);
  expect(body.toString("utf8")).not.toContain("taxAmount");
});

interface Vector {
  readonly body: string;
  readonly hashKey: string;
  readonly signature: string;
}

const { request: vectors } = JSON.parse(published("signature-vectors")) as { request: readonly Vector[] };

test.each(vectors)("signs $body as computed independently", ({ body, hashKey, signature }) => {
  expect(signRequest(Buffer.from(body, "utf8"), hashKey)).toBe(signature);
});
