import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import type { WebhookAmounts, WebhookKind } from "../../src/cancellation/model/webhook-inbox.js";
import { asObject, parseJson } from "../../src/ebp/json.js";
import { readWebhookAmount } from "../../src/ebp/webhook.js";

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
  );
});

test("reads amounts in major units as they stand, whatever the exponent says", () => {
  fc.assert(
    fc.property(
      digits,
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: -1, max: 9 }),
      quoted,
      (...args) => {
        const [whole, decimals, exponent, quote] = args;
        const amount = shifted(whole, decimals);
        const data = `{"refundRequestedAmount":${quote}${amount}${quote},"exponent":${exponent}}`;
        expect(amountOf("REFUND_REQUESTED", data, "major")).toBe(amount);
      },
    ),
  );
});

test("never reads an amount that is not stated to the last digit", () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 0, max: 4 }),
      (number, exponent) => {
        const data = JSON.stringify({ capturedAmount: number, exponent });
        const read = amountOf("CAPTURED", data, "minor");
        const exact = new Decimal(number);
        if (read !== null) expect(new Decimal(read).times(10 ** exponent).equals(exact)).toBe(true);
      },
    ),
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

  test.each([
    ["500.5", "2"],
    ["-1", "2"],
    ["true", "2"],
    ['"1,000"', "2"],
    ['" 1"', "2"],
    ['""', "2"],
    ["null", "2"],
    ["[1]", "2"],
    ["1e400", "2"],
    ["1", "5"],
    ["1", "-1"],
    ["1", "1.5"],
    ["1", "null"],
    ["1", "true"],
    ["1", '"two"'],
    ["1", "1e300"],
  ])("reads no amount from %s with exponent %s", (amount, exponent) => {
    expect(amountOf("CAPTURED", `{"capturedAmount":${amount},"exponent":${exponent}}`, "minor")).toBeNull();
  });

  test("reads no amount without an exponent", () => {
    expect(amountOf("CAPTURED", '{"capturedAmount":1}', "minor")).toBeNull();
  });
});

describe("in major units", () => {
  test("needs no exponent", () => {
    expect(amountOf("CAPTURED", '{"capturedAmount":"500.50"}', "major")).toBe("500.5");
  });

  test.each(["-1", '"x"', "null", "{}"])("reads no amount from %s", (amount) => {
    expect(amountOf("CAPTURED", `{"capturedAmount":${amount}}`, "major")).toBeNull();
  });
});

test.each<[WebhookKind, string, string | null]>([
  ["REFUND_REQUESTED", '{"refundRequestedAmount":1,"capturedAmount":2,"amount":3}', "1"],
  ["REFUND_REQUESTED", '{"capturedAmount":2,"amount":3}', null],
  ["CAPTURED", '{"capturedAmount":2,"amount":3}', "2"],
  ["CAPTURED", '{"amount":3}', null],
  ["VOIDED", '{"voidedAmount":1,"amount":3}', "1"],
  ["VOIDED", '{"amount":3}', "3"],
  ["VOIDED", '{"voidedAmount":null,"amount":3}', "3"],
  ["VOIDED", '{"voidedAmount":"x","amount":3}', null],
  ["VOIDED", '{"capturedAmount":3}', null],
  ["OTHER", '{"amount":3,"capturedAmount":2}', null],
])("takes the amount of %s from %s", (kind, data, amount) => {
  expect(amountOf(kind, data, "major")).toBe(amount);
});
