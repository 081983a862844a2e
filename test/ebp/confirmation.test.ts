import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CancelItem } from "../../src/cancellation/model/cancel-request.js";
import { Decimal } from "../../src/cancellation/model/decimal.js";
import type { Confirmation } from "../../src/cancellation/model/outcome.js";
import { MAX_CODE_LENGTH, MAX_MESSAGE_LENGTH } from "../../src/ebp/redactor.js";
import { cancelItem, cancelRequest } from "../helpers/examples.js";
import { httpAnswer } from "../helpers/upstream.js";
import { useEbp } from "../helpers/upstream-client.js";

const ebp = useEbp();

/** What is read of an accepting answer whose `data` is this JSON text. */
async function confirmation(data: string): Promise<Confirmation> {
  const outcome = await ebp.outcomeOf(httpAnswer(200, `{"resultCode":"0","data":${data}}`));
  if (outcome.kind !== "accepted") throw new Error(outcome.evidence.basis);
  return outcome.confirmation;
}

const NOTHING_STATED = {
  returnRequestId: null,
  processedCount: null,
  totalProductAmount: null,
  totalProductTaxAmount: null,
  totalDeliveryAmount: null,
  totalDeliveryTaxAmount: null,
  items: [],
};

test.each(["null", "[]", '"text"', "7", "{}", '{"items":{}}', '{"items":[null,1,"x",{},{"seq":null}]}'])(
  "accepts with nothing confirmed when the data is %s",
  async (data) => {
    expect(await confirmation(data)).toEqual(NOTHING_STATED);
  },
);

describe("reads as an amount", () => {
  test.each([
    ["2000.0", "2000"],
    ["-0.0", "0"],
    ["1e3", "1000"],
    ["123456789012345.6789", "123456789012345.6789"],
    ["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
    ['"2000.50"', "2000.5"],
    ["0e999999999", "0"],
  ])("%s", async (written, value) => {
    const { totalProductAmount } = await confirmation(`{"totalProductAmount":${written}}`);
    expect(totalProductAmount?.toFixed()).toBe(value);
  });
});

describe("reads as no amount", () => {
  test.each([
    "1e400",
    "1e31",
    "-1e-31",
    "1e999999999999",
    "9".repeat(41),
    '"1,000"',
    '"NaN"',
    '"Infinity"',
    '"0x10"',
    '" 1"',
    '""',
    "true",
    "{}",
    "[1]",
    "null",
  ])("%s", async (written) => {
    expect(await confirmation(`{"totalProductAmount":${written}}`)).toEqual(NOTHING_STATED);
  });
});

test.each([
  ["3", 3],
  ["3.0", 3],
  ["2147483647", 2_147_483_647],
  ["2147483648", null],
  ["1e300", null],
  ["1.5", null],
  ['"three"', null],
])("reads a count written as %s as %s", async (written, value) => {
  const { processedCount, items } = await confirmation(
    `{"processedCount":${written},"items":[{"seq":${written},"quantity":${written}}]}`,
  );
  expect(processedCount).toBe(value);
  // Without a line number there is nothing to match an item by.
  expect(items.map(({ seq, quantity }) => [seq, quantity])).toEqual(value === null ? [] : [[value, value]]);
});

test("keeps nothing that PostgreSQL could not store, and nothing without bound", async () => {
  const bad = String.raw`a\u0000b\ud800c\udc00`;
  const long = "x".repeat(5_000);
  const answer =
    `{"resultCode":"EBP-C-0004${bad}","message":"${bad}${long}","requestId":"${bad}${long}","timestamp":"${bad}",` +
    `"errors":[${`{"field":"${bad}","message":"${bad}${long}"},`.repeat(200)}{"x":1}]}`;
  const outcome = await ebp.outcomeOf(httpAnswer(400, answer));
  if (outcome.kind === "accepted") throw new Error("not expected");
  const { failure, evidence } = outcome;
  expect(failure.message).toHaveLength(MAX_MESSAGE_LENGTH);
  expect(failure.message).toMatch(/^a\uFFFDb\uFFFDc\uFFFDx/u);
  expect(failure.resultCode).toBe("EBP-C-0004a\uFFFDb\uFFFDc\uFFFD");
  expect(failure.details).toHaveLength(50);
  expect(failure.details[0]?.field).toBe("a\uFFFDb\uFFFDc\uFFFD");
  expect(failure.details[0]?.message).toHaveLength(MAX_MESSAGE_LENGTH);
  expect(evidence.requestId).toHaveLength(MAX_CODE_LENGTH);
  expect(evidence.timestamp).toBe("a\uFFFDb\uFFFDc\uFFFD");
});

test("keeps a page with raw NUL bytes and invalid UTF-8 as text that can be sealed", async () => {
  const page = Buffer.from([0x3c, 0x00, 0xed, 0xa0, 0x80, 0xff, 0x3e]);
  const outcome = await ebp.outcomeOf(httpAnswer(502, page));
  expect(outcome.evidence.rawAnswer).toMatch(/^<\0\uFFFD+>$/u);
});

/** Amounts of up to 15 digits before the point and 4 after it, as the service accepts them. */
const amounts = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 19n - 1n }), fc.integer({ min: 0, max: 4 }))
  .map(([digits, decimals]) => new Decimal(digits.toString()).div(new Decimal(10).pow(decimals + 0)))
  .filter((amount) => amount.lessThan("1e15"));

const items: fc.Arbitrary<CancelItem[]> = fc
  .array(
    fc.record({
      itemType: fc.constantFrom("PHYSICAL", "DIGITAL", "SUBSCRIPTION", "DELIVERY", "SERVICE"),
      itemId: fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }),
      quantity: fc.integer({ min: 1, max: 2_147_483_647 }),
      amount: amounts,
      taxAmount: fc.option(amounts),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((list) => list.map((item, i) => cancelItem({ ...item, seq: i + 1 })));

test("carries every amount to EBP and back without losing a digit", async () => {
  const simulator = await ebp.simulator();
  const client = ebp.client(simulator.url);
  const total = (list: readonly CancelItem[], of: (item: CancelItem) => Decimal | null) =>
    list.reduce((sum, item) => sum.plus(of(item)?.times(item.quantity) ?? 0), new Decimal(0));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(items, async (list) => {
      const orderNo = `ORD-EXACT-${(run += 1)}`;
      const request = cancelRequest({ orderNo, items: list });
      const { outcome } = await client.cancel(request, "en");
      const delivery = list.filter(({ itemType }) => itemType === "DELIVERY");
      const products = list.filter(({ itemType }) => itemType !== "DELIVERY");
      expect(outcome).toMatchObject({
        kind: "accepted",
        confirmation: {
          processedCount: list.length,
          totalProductAmount: total(products, ({ amount }) => amount),
          totalProductTaxAmount: total(products, ({ taxAmount }) => taxAmount),
          totalDeliveryAmount: total(delivery, ({ amount }) => amount),
          totalDeliveryTaxAmount: total(delivery, ({ taxAmount }) => taxAmount),
          items: list,
        },
      });
      expect(simulator.ledger.effects(orderNo)).toMatchObject([
        { total: request.totalCancelAmount, items: list },
      ]);
    }),
    { numRuns: 100 },
  );
});
