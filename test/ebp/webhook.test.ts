import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import type { WebhookEvent } from "../../src/cancellation/model/webhook-inbox.js";
import { createWebhookReader } from "../../src/ebp/webhook.js";
import { SIGNATURE_HEADER, signWebhook, TIMESTAMP_HEADER } from "../../src/ebp/signatures.js";
import { published } from "../helpers/examples.js";

const SECRET = "whsec-test";
const SECRETS = new Map([
  ["whsec-other", ["STORE-3"]],
  [SECRET, ["STORE-1", "STORE-2"]],
]);
const TIMESTAMP = "1767129253";
const reader = createWebhookReader({ secrets: SECRETS, amounts: "minor" });

interface Vector {
  readonly timestamp: string;
  readonly body: string;
  readonly secret: string;
  readonly signature: string;
}
const { webhook: vectors } = JSON.parse(published("signature-vectors")) as { webhook: readonly Vector[] };

function signed(body: Buffer, timestamp = TIMESTAMP, secret = SECRET): IncomingHttpHeaders {
  return { [SIGNATURE_HEADER]: signWebhook(body, timestamp, secret), [TIMESTAMP_HEADER]: timestamp };
}

/** What is read of a genuine webhook with this body. */
function eventOf(body: string | Buffer): WebhookEvent {
  const bytes = Buffer.from(body as string);
  const received = reader.read(signed(bytes), bytes);
  if (received === null) throw new Error("refused");
  return received.event;
}

function event(eventType: unknown, data: unknown, eventTime: unknown = "2025-12-30T10:00:00Z"): string {
  return JSON.stringify({ eventType, eventTime, data });
}

const NOTHING_READ = {
  kind: "OTHER",
  eventType: null,
  eventTime: null,
  storeIds: ["STORE-1", "STORE-2"],
  orderNo: null,
  amount: null,
  currencyCode: null,
  paymentStatus: null,
  resultCode: null,
  isOfSuccess: false,
};

test("reads the published event of a refund", () => {
  const body = vectors[1]?.body ?? "";
  expect(eventOf(body)).toEqual({
    kind: "REFUND_REQUESTED",
    eventType: "PAYMENT_REFUND_REQUESTED",
    eventTime: new Date("2025-12-30T10:00:00Z"),
    storeIds: ["STORE-1", "STORE-2"],
    orderNo: "ORD_7202603277730794",
    amount: new Decimal(500),
    currencyCode: "USD",
    paymentStatus: "REFUND_REQUESTED",
    resultCode: "0",
    isOfSuccess: true,
    digest: createHash("sha256").update(body).digest("hex"),
  });
});

test("gives the same body the same digest, whenever and by whom it was signed", () => {
  const body = Buffer.from(vectors[0]?.body ?? "");
  const digests = [signed(body), signed(body, "1"), signed(body, TIMESTAMP, "whsec-other")].map(
    (headers) => reader.read(headers, body)?.event.digest,
  );
  expect(new Set(digests)).toEqual(new Set([createHash("sha256").update(body).digest("hex")]));
});

describe("keeps, with nothing read of it, a genuine body that is", () => {
  test.each<[string, string | Buffer]>([
    ["empty", ""],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["a text", '"PAYMENT_VOIDED"'],
    ["null", "null"],
    ["a number", "1"],
    ["an empty object", "{}"],
    ["ambiguous", '{"eventType":"PAYMENT_VOIDED","eventType":"PAYMENT_CAPTURED"}'],
    ["ambiguous inside", '{"eventType":"PAYMENT_VOIDED","data":{"orderNo":"A","orderNo":"B"}}'],
    ["not UTF-8", Buffer.from('{"eventType":"PAYMENT_VOIDED","data":{"orderNo":"A\u00ff"}}', "latin1")],
    ["compressed", Buffer.from([31, 139, 8, 0, 7, 255])],
    ["nested without end", "[".repeat(60_000)],
    ["nested too deep", `{"data":${"[".repeat(30_000)}${"]".repeat(30_000)}}`],
  ])("%s", (_what, body) => {
    const bytes = Buffer.from(body as string);
    expect(eventOf(bytes)).toEqual({
      ...NOTHING_READ,
      digest: createHash("sha256").update(bytes).digest("hex"),
    });
  });

  test("anything at all", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(eventOf(text)).toMatchObject({ kind: "OTHER", orderNo: null, amount: null });
      }),
    );
  });
});

test.each([
  ["PAYMENT_VOIDED", "VOIDED"],
  ["PAYMENT_REFUND_REQUESTED", "REFUND_REQUESTED"],
  ["PAYMENT_CAPTURED", "CAPTURED"],
  ["PAYMENT_AUTHORIZED", "OTHER"],
  ["PAYMENT_METHOD_CREATED", "OTHER"],
])("takes %s for %s, also without data", (eventType, kind) => {
  expect(eventOf(event(eventType, { orderNo: "ORD-1" }))).toMatchObject({
    kind,
    eventType,
    orderNo: "ORD-1",
  });
  for (const data of [undefined, null, [], "x", 1]) {
    expect(eventOf(event(eventType, data))).toMatchObject({ kind, eventType, orderNo: null, amount: null });
  }
});

test.each([
  "payment_voided",
  "PAYMENT_VOIDED ",
  "PAYMENT-VOIDED",
  "",
  "P".repeat(61),
  "PAYMENT_VOIDED\n",
  1,
  null,
])("keeps no name of an event or a state like %j", (name) => {
  const read = eventOf(event(name, { paymentStatus: name }));
  expect(read).toMatchObject({ kind: "OTHER", eventType: null, paymentStatus: null });
});

test("keeps names of up to 60 characters", () => {
  const name = `P${"A_9".repeat(20)}`.slice(0, 60);
  expect(eventOf(event(name, { paymentStatus: name }))).toMatchObject({
    eventType: name,
    paymentStatus: name,
  });
});

test.each([
  ["0", "0"],
  ["EBP-C-0010", "EBP-C-0010"],
  ["EBP-c-0010", null],
  ["EBP-C-00100", null],
  ["00", null],
  [0, null],
  ["0\n", null],
])("reads the result code %j as %j", (written, resultCode) => {
  expect(eventOf(event("X", { resultCode: written })).resultCode).toBe(resultCode);
});

test.each([
  [{ resultCode: "0" }, true],
  [{ resultCode: 0 }, true],
  [{}, true],
  [{ resultCode: "EBP-D-0001" }, false],
  [{ resultCode: "unreadable" }, false],
  [{ resultCode: { code: "0" } }, false],
  [{ resultCode: "0", paymentStatus: "FAIL" }, false],
  [{ paymentStatus: "REFUND_REQUESTED" }, true],
])("takes one whose data says %j for one of success: %s", (data, isOfSuccess) => {
  expect(eventOf(event("X", data)).isOfSuccess).toBe(isOfSuccess);
});

test.each([
  ["KRW", "KRW"],
  ["krw", null],
  ["KR", null],
  ["KRWW", null],
  [410, null],
])("reads the currency %j as %j", (written, currencyCode) => {
  expect(eventOf(event("X", { currencyCode: written })).currencyCode).toBe(currencyCode);
});

test.each([
  ["ORD-1", "ORD-1"],
  ["주문 1", "주문 1"],
  ["x".repeat(100), "x".repeat(100)],
  ["x".repeat(101), null],
  ["", null],
  ["a\u0000b", null],
  ["a\ud800b", null],
  [20251224, null],
  [null, null],
  [{ orderNo: "ORD-1" }, null],
])("reads the order number %j as %j", (written, orderNo) => {
  expect(eventOf(event("X", { orderNo: written })).orderNo).toBe(orderNo);
});

test.each([
  ["2025-12-30T10:00:00Z", "2025-12-30T10:00:00.000Z"],
  ["2025-12-30T10:00:00.1Z", "2025-12-30T10:00:00.100Z"],
  ["2025-12-30T10:00:00.123999999Z", "2025-12-30T10:00:00.123Z"],
  ["2025-12-30T10:00:00+09:00", "2025-12-30T01:00:00.000Z"],
  ["2025-12-30T10:00:00.5-03:30", "2025-12-30T13:30:00.500Z"],
  ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
  ["2000-01-01T00:00:00Z", "2000-01-01T00:00:00.000Z"],
  ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
])("reads the time %s", (written, instant) => {
  expect(eventOf(event("X", {}, written)).eventTime).toEqual(new Date(instant));
});

test.each([
  "2025-02-29T00:00:00Z",
  "2025-13-01T00:00:00Z",
  "2025-01-01T24:00:00Z",
  "2025-01-01T23:59:60Z",
  "2025-01-01T00:00:00",
  "2025-01-01T00:00:00+24:00",
  "2025-01-01T00:00:00.1234567890Z",
  "2025-01-01",
  " 2025-01-01T00:00:00Z",
  "2025-01-01T00:00:00Z\n",
  "1999-12-31T23:59:59Z",
  "9999-12-31T23:59:59-00:01",
  "Tue, 30 Dec 2025 10:00:00 GMT",
  "",
  1767129253,
  null,
])("reads no time from %j", (written) => {
  expect(eventOf(event("X", {}, written)).eventTime).toBeNull();
});
