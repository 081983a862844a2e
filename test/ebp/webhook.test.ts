import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import type {
  WebhookAmounts,
  WebhookEvent,
  WebhookKind,
} from "../../src/cancellation/model/webhook-inbox.js";
import { asObject, parseJson } from "../../src/ebp/json.js";
import {
  createWebhookReader,
  readWebhookAmount,
  SIGNATURE_HEADER,
  signWebhook,
  TIMESTAMP_HEADER,
} from "../../src/ebp/webhook.js";
import { published } from "../helpers/examples.js";

const SECRET = "whsec-test";
const SECRETS = new Map([[SECRET, ["STORE-1", "STORE-2"]]]);
const TIMESTAMP = "1767129253";
const reader = createWebhookReader({ secrets: SECRETS, amounts: "minor" });

const { webhook: vectors } = JSON.parse(published("signature-vectors")) as { webhook: { body: string }[] };

/** What is read of a genuine webhook with this body. */
function eventOf(body: string | Buffer): WebhookEvent {
  const bytes = Buffer.from(body as string);
  const signature = signWebhook(bytes, TIMESTAMP, SECRET);
  const received = reader.read({ [SIGNATURE_HEADER]: signature, [TIMESTAMP_HEADER]: TIMESTAMP }, bytes);
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
  refundedAt: null,
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
    refundedAt: null,
    paymentStatus: "REFUND_REQUESTED",
    resultCode: "0",
    isOfSuccess: true,
    digest: createHash("sha256").update(body).digest("hex"),
  });
});

test("reads when a refund was carried out, of an event that reports one", () => {
  const data = { orderNo: "ORD-1", refundedAmount: 500, refundedAt: "2025-12-31T09:00:00.5+09:00" };
  expect(eventOf(event("PAYMENT_REFUNDED", data))).toMatchObject({
    kind: "REFUNDED",
    refundedAt: new Date("2025-12-31T00:00:00.500Z"),
  });
  expect(eventOf(event("PAYMENT_REFUNDED", { ...data, refundedAt: 1 })).refundedAt).toBeNull();
  expect(eventOf(event("PAYMENT_REFUND_REQUESTED", data)).refundedAt).toBeNull();
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
    const digest = createHash("sha256").update(body).digest("hex");
    expect(eventOf(body)).toEqual({ ...NOTHING_READ, digest });
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
  ["PAYMENT_REFUNDED", "REFUNDED"],
  ["PAYMENT_CAPTURED", "CAPTURED"],
  ["PAYMENT_AUTHORIZED", "OTHER"],
  ["PAYMENT_METHOD_CREATED", "OTHER"],
])("takes %s for %s, also without data", (eventType, kind) => {
  const read = eventOf(event(eventType, { orderNo: "ORD-1" }));
  expect(read).toMatchObject({ kind, eventType, orderNo: "ORD-1" });
  for (const data of [undefined, null, [], "x", 1]) {
    expect(eventOf(event(eventType, data))).toMatchObject({ kind, eventType, orderNo: null, amount: null });
  }
});

const NO_NAMES = [
  "payment_voided",
  "PAYMENT_VOIDED ",
  "PAYMENT-VOIDED",
  "",
  "P".repeat(61),
  "PAID\n",
  1,
  null,
];
test.each(NO_NAMES)(
  "keeps no name of an event or a state like %j, but names of up to 60 characters",
  (name) => {
    const read = eventOf(event(name, { paymentStatus: name }));
    expect(read).toMatchObject({ kind: "OTHER", eventType: null, paymentStatus: null });
    const longest = "A_9".repeat(20);
    const kept = eventOf(event(longest, { paymentStatus: longest }));
    expect(kept).toMatchObject({ eventType: longest, paymentStatus: longest });
  },
);

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

test.each<[field: "resultCode" | "currencyCode" | "orderNo", good: string[], bad: unknown[]]>([
  ["resultCode", ["0", "EBP-C-0010"], ["EBP-c-0010", "EBP-C-00100", "00", 0, "0\n"]],
  ["currencyCode", ["KRW"], ["krw", "KR", "KRWW", 410]],
  [
    "orderNo",
    ["ORD-1", "주문 1", "x".repeat(100)],
    ["x".repeat(101), "", "a\u0000b", "a\ud800b", 20251224, null, { orderNo: "ORD-1" }],
  ],
])("reads the %s where it is %j, and none where it is %j", (field, good, bad) => {
  for (const written of good) expect(eventOf(event("X", { [field]: written }))[field]).toBe(written);
  for (const written of bad) expect(eventOf(event("X", { [field]: written }))[field]).toBeNull();
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
  ...["2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T23:59:60Z"],
  ...["2025-01-01T00:00:00", "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00.1234567890Z", "2025-01-01"],
  ...[" 2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z\n", "1999-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01"],
  ...["Tue, 30 Dec 2025 10:00:00 GMT", "2025-00-10T00:00:00Z", "2025-01-01T00:60:00Z", "", 1767129253, null],
])("reads no time from %j", (written) => {
  expect(eventOf(event("X", {}, written)).eventTime).toBeNull();
});

const RUNS = { numRuns: 50 };

/** The amount that `data`, as this JSON text, states; null when none can be read. */
function amountOf(kind: WebhookKind, data: string, amounts: WebhookAmounts): string | null {
  return readWebhookAmount(kind, asObject(parseJson(data)) ?? {}, amounts)?.toFixed() ?? null;
}

const digits = fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String);
/** As a JSON number, and as a JSON string. */
const quoted = fc.constantFrom("", '"');

/** Divided by 10^exponent by moving the decimal point in the text. */
function shifted(whole: string, exponent: number): string {
  const padded = whole.padStart(exponent + 1, "0");
  const cut = padded.length - exponent;
  const fraction = padded.slice(cut).replace(/0+$/u, "");
  return fraction === "" ? padded.slice(0, cut) : `${padded.slice(0, cut)}.${fraction}`;
}

test("reads amounts in minor units exactly, however large, for exponents 0 to 4", () => {
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 4 }), quoted, (whole, exponent, quote) => {
      const data = `{"capturedAmount":${quote}${whole}${quote},"exponent":${exponent}}`;
      expect(amountOf("CAPTURED", data, "minor")).toBe(shifted(whole, exponent));
    }),
    RUNS,
  );
});

test("reads amounts in major units as they stand, whatever the exponent says", () => {
  const [places, exponents] = [fc.integer({ min: 0, max: 4 }), fc.integer({ min: -1, max: 9 })];
  fc.assert(
    fc.property(digits, places, exponents, quoted, (whole, decimals, exponent, quote) => {
      const amount = shifted(whole, decimals);
      const data = `{"refundRequestedAmount":${quote}${amount}${quote},"exponent":${exponent}}`;
      expect(amountOf("REFUND_REQUESTED", data, "major")).toBe(amount);
    }),
    RUNS,
  );
});

describe("in minor units", () => {
  test.each([
    ["50000", "2", "500"],
    ["50000.0", "2", "500"],
    ["5e4", "2", "500"],
    ['"50000"', "2", "500"],
    ["50000", '"2"', "500"],
    ["1", "4", "0.0001"],
    ["0", "2", "0"],
    ["-0", "2", "0"],
    ["12345678901234567890", "3", "12345678901234567.89"],
  ])("reads %s with exponent %s as %s", (amount, exponent, value) => {
    expect(amountOf("CAPTURED", `{"capturedAmount":${amount},"exponent":${exponent}}`, "minor")).toBe(value);
  });

  const noAmounts = ["500.5", "-1", "true", '"1,000"', '" 1"', '""', "null", "[1]", "1e400"];
  const noExponents = ["5", "-1", "1.5", "null", "true", '"two"', "1e300"];
  test.each([...noAmounts.map((amount) => [amount, "2"]), ...noExponents.map((exponent) => ["1", exponent])])(
    "reads no amount from %s with exponent %s",
    (amount, exponent) => {
      expect(amountOf("CAPTURED", `{"capturedAmount":${amount},"exponent":${exponent}}`, "minor")).toBeNull();
    },
  );
});

test.each<[WebhookKind, string, string | null]>([
  ["CAPTURED", '{"capturedAmount":"500.50"}', "500.5"],
  ["CAPTURED", '{"capturedAmount":-1}', null],
  ["CAPTURED", '{"capturedAmount":{}}', null],
  ["REFUND_REQUESTED", '{"refundRequestedAmount":1,"capturedAmount":2,"amount":3}', "1"],
  ["REFUND_REQUESTED", '{"capturedAmount":2,"amount":3}', null],
  ["REFUNDED", '{"refundedAmount":1,"refundRequestedAmount":2,"amount":3}', "1"],
  ["REFUNDED", '{"refundRequestedAmount":2,"amount":3}', null],
  ["CAPTURED", '{"capturedAmount":2,"amount":3}', "2"],
  ["CAPTURED", '{"amount":3}', null],
  ["VOIDED", '{"voidedAmount":1,"amount":3}', "1"],
  ["VOIDED", '{"amount":3}', "3"],
  ["VOIDED", '{"voidedAmount":null,"amount":3}', "3"],
  ["VOIDED", '{"voidedAmount":"x","amount":3}', null],
  ["VOIDED", '{"capturedAmount":3}', null],
  ["OTHER", '{"amount":3,"capturedAmount":2}', null],
])("takes the amount of %s from %s, in major units", (kind, data, amount) => {
  expect(amountOf(kind, data, "major")).toBe(amount);
});
